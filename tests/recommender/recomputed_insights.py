"""What insights say, and for each kind of sentence the SQL that finds its figures in the tables."""

from tests.recommender.recomputed import DAYS, MEDIAN_GAP, MINE, SINCE, Kind, N

# The products of the client with their own intervals, lately, in days as they are told.
PACED = """bought AS (SELECT DISTINCT product, name, ordered_at::date AS day FROM mine), spaced AS (
        SELECT *, day - lag(day) OVER (PARTITION BY product ORDER BY day) AS gap,
               row_number() OVER (PARTITION BY product ORDER BY day DESC) AS back
        FROM bought
    ), paced AS (
        SELECT product, name, count(*) AS times, (SELECT now FROM moment)::date - max(day) AS days,
               round(percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) FILTER (WHERE back <= 5)) AS gap
        FROM spaced GROUP BY 1, 2
    )"""
# The last value of each product against the median of the ten before it.
LAST_AND_BEFORE = """, ranked AS (
        SELECT product, name, {0} AS value,
               row_number() OVER (PARTITION BY product ORDER BY ordered_at DESC, order_name DESC) AS back
        FROM mine WHERE {0} IS NOT NULL
    ), compared AS (
        SELECT name, max(value) FILTER (WHERE back = 1) AS last,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FILTER (WHERE back BETWEEN 2 AND 11) AS usual,
               count(*) FILTER (WHERE back BETWEEN 2 AND 11) AS count
        FROM ranked GROUP BY product, name
    )
    SELECT name, last, usual, count, 100 * abs(last / usual - 1) AS percent,
           CASE WHEN last > usual THEN 'more' ELSE 'less' END AS word
    FROM compared WHERE name = %(name)s"""


def trend(of_recent: str, of_earlier: str, decimals: int) -> str:
    """The two figures, and the change from the one to the other as they are told: with so many decimals."""
    told = (f"round({figure}::float8 * 1e{decimals})" for figure in ("recent", "earlier"))
    return f"""{MINE}, both_periods AS (SELECT ({of_recent}) AS recent, ({of_earlier}) AS earlier)
        SELECT recent, earlier, 100 * abs({" / ".join(told)} - 1) AS percent,
               CASE WHEN recent > earlier THEN 'more' ELSE 'less' END AS word FROM both_periods"""


CHANGE = r"(?:much the same|(?P<percent>\d+)% (?P<word>more|less))"
BEFORE = r"in the 90 days before"


def edges_below(figure: str) -> str:
    """How many of the edges between the fifths of all clients lie below the client's own figure, with half of those
    that it is equal to, rounded down.
    """
    return f"""(SELECT count(*) FILTER (WHERE edge < mine) + count(*) FILTER (WHERE edge = mine) / 2
                FROM (SELECT round(edge::numeric, 6) AS edge, round(me.{figure}::numeric, 6) AS mine
                      FROM unnest(percentiles.{figure}) AS edge) AS rounded)"""


# The same of the days since the last order, which are whole ones; who ordered as lately as others stands with the best.
DAYS_BELOW = "(SELECT count(*) FROM unnest(percentiles.since) AS edge WHERE ceil(edge) < ceil(me.since))"
INSIGHTS = {
    "whole history": Kind(
        rf"(?P<orders>{N}) orders? since (?P<first>\S+); the last on (?P<last>\S+), (?P<since>{N}) {DAYS} ago\.",
        f"""{MINE} SELECT count(*) AS orders, min(ordered_at)::date AS first, max(ordered_at)::date AS last,
            {SINCE.format("orders")} AS since FROM orders""",
    ),
    "rhythm": Kind(
        rf"An order every (?P<gap>{N}) {DAYS} in the median\.", f"{MINE} SELECT {MEDIAN_GAP.format('gaps')} AS gap"
    ),
    "rhythm lately": Kind(
        rf"Every (?P<gap>{N}) {DAYS} over the last 5 intervals\.",
        f"{MINE} SELECT {MEDIAN_GAP.format('gaps WHERE back <= 5')} AS gap",
    ),
    "regularity": Kind(
        rf"The middle half of the intervals (?:lies between (?P<low>{N}) and (?P<high>{N})|is about (?P<middle>{N})) "
        rf"{DAYS}: (?P<word>[a-z ]+)\.",
        f"""{MINE}, quartiles AS (SELECT round(percentile_cont(0.25) WITHIN GROUP (ORDER BY gap)) AS low,
            round(percentile_cont(0.5) WITHIN GROUP (ORDER BY gap)) AS middle,
            round(percentile_cont(0.75) WITHIN GROUP (ORDER BY gap)) AS high FROM gaps)
            SELECT low, high, middle, CASE WHEN high - low <= middle / 2 THEN 'regular' WHEN high - low <= middle
            THEN 'fairly regular' ELSE 'irregular' END AS word FROM quartiles""",
    ),
    "next order": Kind(
        r"By that the next order (?P<word>is|was) due on (?P<day>\S+)\.",
        f"""{MINE}, due AS (
                SELECT max(day) + round({MEDIAN_GAP.format("gaps WHERE back <= 5")})::integer AS day FROM days
            ) SELECT day, CASE WHEN day >= now::date THEN 'is' ELSE 'was' END AS word
            FROM due, moment""",
    ),
    "segment": Kind(
        rf"Segment: [a-z ]+ \(recency (?P<recency>{N}), frequency (?P<frequency>{N}), money (?P<money>{N}); "
        rf"of 5 each, against (?P<clients>{N}) clients\): last order (?P<since>{N}) {DAYS} ago, "
        rf"(?P<orders>{N}) orders? "
        r"and (?P<amount>[\d.]+) spent in the last 365 days\.",
        f"""WITH figures AS (
                SELECT client, extract(epoch FROM %(now)s - max(ordered_at)) / 86400 AS since,
                       %(now)s::timestamptz::date - max(ordered_at)::date AS days,
                       count(DISTINCT order_id) FILTER (WHERE ordered_at >= %(now)s - interval '365 days') AS orders,
                       sum(quantity * price) FILTER (WHERE ordered_at >= %(now)s - interval '365 days') AS amount
                FROM baskets GROUP BY client
            ), percentiles AS (
                SELECT percentile_cont(ARRAY[.2, .4, .6, .8]) WITHIN GROUP (ORDER BY since) AS since,
                       percentile_cont(ARRAY[.2, .4, .6, .8]) WITHIN GROUP (ORDER BY orders) AS orders,
                       percentile_cont(ARRAY[.2, .4, .6, .8]) WITHIN GROUP (ORDER BY amount) AS amount,
                       count(*) AS clients
                FROM figures
            )
            SELECT me.days AS since, me.orders, me.amount, percentiles.clients, 5 - {DAYS_BELOW} AS recency,
                   1 + {edges_below("orders")} AS frequency, 1 + {edges_below("amount")} AS money
            FROM figures me, percentiles WHERE me.client = %(client)s""",
    ),
    "order trend": Kind(
        rf"(?P<recent>{N}) orders? in the last 90 days, (?P<earlier>{N}) {BEFORE}\.",
        f"{MINE} SELECT (SELECT count(*) FROM recent) AS recent, (SELECT count(*) FROM earlier) AS earlier",
    ),
    "spend trend": Kind(
        rf"(?P<recent>[\d.]+) spent in the last 90 days, (?P<earlier>[\d.]+) {BEFORE}: {CHANGE}\.",
        trend("SELECT sum(amount) FROM recent", "SELECT sum(amount) FROM earlier", 2),
    ),
    "basket trend": Kind(
        rf"(?P<recent>[\d.]+) products an order in the last 90 days, (?P<earlier>[\d.]+) {BEFORE}: {CHANGE}\.",
        trend("SELECT avg(products) FROM recent", "SELECT avg(products) FROM earlier", 1),
    ),
    "price change": Kind(
        rf"(?P<name>.+) was (?P<last>[\d.]+) a unit last, (?P<usual>[\d.]+) in the median of the (?P<count>{N}) "
        rf"purchases before: {CHANGE}\.",
        MINE + LAST_AND_BEFORE.format("price"),
    ),
    "quantity change": Kind(
        rf"(?P<last>[\d.]+) of (?P<name>.+) last, (?P<usual>[\d.]+) in the median of the (?P<count>{N}) purchases "
        rf"before: {CHANGE}\.",
        MINE + LAST_AND_BEFORE.format("quantity"),
    ),
    "basket size": Kind(
        rf"(?P<products>{N}) products? an order in the median\.",
        f"{MINE} SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY products) AS products FROM orders",
    ),
    "recent spend": Kind(
        rf"The last (?P<orders>{N}) fully priced orders? came to (?P<amount>[\d.]+) on average\.",
        f"""{MINE}, priced AS (SELECT amount FROM orders WHERE amount IS NOT NULL
            ORDER BY ordered_at DESC, order_name DESC LIMIT 5)
            SELECT count(*) AS orders, avg(amount) AS amount FROM priced""",
    ),
    "favourites": Kind(
        r"Bought most often: (?P<named>.+)\.",
        f"""{MINE}, counted AS (SELECT product, name, count(*) AS orders FROM mine GROUP BY 1, 2
            ORDER BY orders DESC, product COLLATE "C" LIMIT 3)
            SELECT string_agg(name || ' (' || orders || CASE orders WHEN 1 THEN ' order)' ELSE ' orders)' END, ', '
                              ORDER BY orders DESC, product COLLATE "C") AS named FROM counted""",
    ),
    "few orders": Kind(
        rf"Only (?P<orders>{N}) orders? of this client known(?:: the suggestions are uncertain)?\.",
        f"{MINE} SELECT count(*) AS orders FROM orders",
    ),
    "no order": Kind(r"No order of this client is known(?:: the suggestions rest on other clients alone)?\.", ""),
    "churn": Kind(
        rf"No order for (?P<since>{N}) {DAYS}, against one every (?P<gap>{N}) {DAYS} in the median: may be leaving "
        r"\(more than 60 days and 3 such intervals\)\.",
        f"""{MINE} SELECT {SINCE.format("orders")} AS since, {MEDIAN_GAP.format("gaps")} AS gap
            WHERE {SINCE.format("orders")} > greatest(60, 3 * round({MEDIAN_GAP.format("gaps")}))""",
    ),
    "overdue": Kind(
        rf"(?P<count>{N}) regular products? due or overdue: (?P<named>.+)\.",
        f"""{MINE}, {PACED}, due AS (
                SELECT *, row_number() OVER (ORDER BY days / gap DESC, product COLLATE "C") AS place FROM paced
                WHERE times >= 3 AND days / gap >= 1 AND days / gap < 6
                      AND product IN (SELECT external_id FROM recommender_product WHERE active)
            )
            SELECT count(*) AS count,
                   string_agg(name || ' (last ' || days || CASE days WHEN 1 THEN ' day' ELSE ' days' END || ' ago)',
                              ', ' ORDER BY place) FILTER (WHERE place <= 3) AS named
            FROM due""",
    ),
    "outlook": Kind(
        r"(?P<name>[^:]+): all clients together are expected to take [\d.]+ units a week in the 4 weeks from \S+, "
        r"\d+% (?:more|less) than the (?P<recent>[\d.]+) of the 8 weeks before\.",
        """SELECT %(name)s AS name, sum(quantity) / 8 AS recent FROM baskets
            WHERE name = %(name)s AND ordered_at >= %(now)s::timestamptz - interval '56 days'""",
    ),
    "too few overdue": Kind(
        rf"{N} suggestions? where {N} were asked for; left out: (?:(?P<seldom>{N}) bought too seldom to tell, )?"
        rf"(?:(?P<gone>{N}) given up \(6 intervals and more\), )?{N} never bought(?:, {N} no longer sold)?"
        rf"(?:, (?P<later>{N}) not due yet)?\.",
        f"""{MINE}, {PACED} SELECT count(*) FILTER (WHERE NOT regular) AS seldom,
            count(*) FILTER (WHERE regular AND days / gap >= 6) AS gone,
            count(*) FILTER (WHERE regular AND days / gap < 1) AS later
            FROM (SELECT *, times >= 3 AS regular FROM paced) AS judged""",
    ),
    "of others": Kind(r"Not bought yet, but by clients alike: .+\.", ""),
}
WEEKS = f"""{MINE}, weeks AS (
        SELECT generate_series(greatest(date_trunc('week', min(ordered_at)), date_trunc('week', last)
               - interval '25 weeks'), last, interval '1 week') AS week
        FROM own, (SELECT now - interval '1 microsecond' AS last FROM moment) AS before GROUP BY last
    )
    SELECT week::date::text, coalesce(sum(quantity), 0)::float
    FROM weeks LEFT JOIN own ON date_trunc('week', ordered_at) = week GROUP BY week ORDER BY week"""
MONTHS = f"""{MINE}, months AS (
        SELECT generate_series(date_trunc('month', min(ordered_at)), greatest(
            date_trunc('month', max(ordered_at)), date_trunc('month', now) - interval '1 month'
        ), interval '1 month') AS month
        FROM mine, moment GROUP BY now
    ), sold AS (
        SELECT month, coalesce(sum(quantity), 0) AS units
        FROM months LEFT JOIN mine ON date_trunc('month', ordered_at) = month GROUP BY month
    )
    SELECT (avg(units) FILTER (WHERE extract(month FROM month) = number) / (SELECT avg(units) FROM sold))::float
    FROM sold, generate_series(1, 12) AS number GROUP BY number ORDER BY number"""
