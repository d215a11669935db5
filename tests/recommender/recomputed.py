"""The sentences of reasons and insights, and for each the SQL that finds its figures in the tables.

Nothing here uses the engine: `BASKETS` makes baskets of order lines anew, and each kind of sentence
has a query of its own over them, whose columns are named like the groups of its pattern.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

# Lines of an order added up; a return takes from the latest purchases before it. That is a stack: what is
# left of a purchase is the lowest height from then on less the height before it, never below zero.
BASKETS = """
    CREATE TEMP TABLE baskets ON COMMIT DROP AS
    WITH net AS (
        SELECT o.id AS order_id, o.external_id AS order_name, o.client_id, o.ordered_at, l.product_id,
               sum(l.quantity) AS quantity,
               sum(l.quantity * l.unit_price) FILTER (WHERE l.quantity > 0)
                   / nullif(sum(l.quantity) FILTER (WHERE l.quantity > 0 AND l.unit_price IS NOT NULL), 0) AS price
        FROM recommender_order o JOIN recommender_orderline l ON l.order_id = o.id
        WHERE o.ordered_at < %s GROUP BY 1, 2, 3, 4, 5
    ), summed AS (
        SELECT *, sum(quantity) OVER (PARTITION BY client_id, product_id ORDER BY ordered_at, order_name) AS total
        FROM net
    ), heights AS (
        SELECT *, total - least(0, min(total) OVER (PARTITION BY client_id, product_id
                                                    ORDER BY ordered_at, order_name)) AS height
        FROM summed
    ), stacked AS (
        SELECT *, lag(height, 1, 0) OVER (PARTITION BY client_id, product_id ORDER BY ordered_at, order_name) AS below,
               min(height) OVER (PARTITION BY client_id, product_id ORDER BY ordered_at, order_name
                                 ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS lowest
        FROM heights
    )
    SELECT s.order_id, s.order_name, s.ordered_at, s.lowest - s.below AS quantity, s.price,
           c.external_id AS client, coalesce(nullif(c.segment, ''), chain.segment, '') AS segment,
           p.external_id AS product, coalesce(nullif(p.name, ''), p.external_id) AS name
    FROM stacked s
    JOIN recommender_client c ON c.id = s.client_id LEFT JOIN recommender_client chain ON chain.id = c.chain_id
    JOIN recommender_product p ON p.id = s.product_id
    WHERE s.quantity > 0 AND s.lowest > s.below"""

MINE = """
    WITH moment AS (SELECT %(now)s::timestamptz AS now),
    mine AS (SELECT * FROM baskets WHERE client = %(client)s),
    orders AS (
        SELECT order_id, order_name, ordered_at, count(*) AS products, sum(quantity * price) AS amount
        FROM mine GROUP BY 1, 2, 3
    ),
    gaps AS (
        SELECT extract(epoch FROM ordered_at - lag(ordered_at) OVER (ORDER BY ordered_at, order_name)) / 86400 AS gap,
               row_number() OVER (ORDER BY ordered_at DESC, order_name DESC) AS back
        FROM orders
    ),
    formers AS (
        SELECT former.external_id FROM recommender_product former
        JOIN recommender_product heir ON heir.id = former.replaced_by_id WHERE heir.external_id = %(product)s
    ),
    own AS (
        SELECT * FROM mine WHERE product = %(product)s
        OR product IN (SELECT * FROM formers) AND NOT EXISTS (SELECT FROM mine WHERE product = %(product)s)
    ),
    own_gaps AS (
        SELECT extract(epoch FROM ordered_at - lag(ordered_at) OVER (ORDER BY ordered_at, order_name)) / 86400 AS gap,
               row_number() OVER (ORDER BY ordered_at DESC, order_name DESC) AS back
        FROM own
    ),
    recent AS (SELECT * FROM orders, moment WHERE ordered_at >= now - interval '90 days'),
    earlier AS (
        SELECT * FROM orders, moment
        WHERE ordered_at < now - interval '90 days' AND ordered_at >= now - interval '180 days'
    )"""

MEDIAN_GAP = "(SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) FROM {})"
SINCE = "extract(epoch FROM (SELECT now FROM moment) - (SELECT max(ordered_at) FROM {})) / 86400"
IN_SEASON = """abs(day_apart - floor(day_apart / 365.25) * 365.25 - 182.625) <= 45"""
DAY_APART = "extract(epoch FROM ordered_at - now) / 86400 + 182.625 AS day_apart"

# Units that the client would take: the lower weighted median of its last ten purchases, each with 0.85 of the weight
# of the one after it, and of one more with weight 0.9, which is what is typical of product and client; of a single
# purchase at most three times that. Then whole packs, and the least that is sold.
USUAL = """typical AS (
        SELECT product, percentile_disc(0.5) WITHIN GROUP (ORDER BY quantity) AS units FROM baskets GROUP BY 1
    ), size AS (
        SELECT exp(sum(ln(quantity / units)) / (count(*) + 3)) AS times FROM mine JOIN typical USING (product)
    ), one_more AS (
        SELECT round((units * times)::numeric, 3) AS units FROM typical, size WHERE product = %(replaces)s
    ), purchases AS (
        SELECT quantity AS units,
               0.85 ^ (row_number() OVER (ORDER BY ordered_at DESC, order_name DESC) - 1) AS weight,
               row_number() OVER (ORDER BY ordered_at DESC, order_name DESC) AS back
        FROM mine WHERE product = %(replaces)s
    ), weighed AS (
        SELECT units, sum(weight) OVER (ORDER BY units) AS reached, sum(weight) OVER () AS whole
        FROM (SELECT units, weight FROM purchases WHERE back <= 10
              UNION ALL SELECT units, 0.9 FROM one_more) AS together
    ), usual AS (
        SELECT CASE (SELECT count(*) FROM purchases)
               WHEN 1 THEN least(min(weighed.units), 3 * (SELECT units FROM one_more))
               ELSE min(weighed.units) END AS units
        FROM weighed WHERE reached >= whole / 2
    ), sold AS (
        SELECT greatest(greatest(1, floor(usual.units / pack_size + 0.5)) * pack_size,
                        ceil(min_order_quantity::numeric / pack_size) * pack_size) AS units
        FROM usual, recommender_product WHERE external_id = %(replaces)s
    )"""

# The products of the client with their own intervals, lately.
PACED = """spaced AS (
        SELECT product, name, ordered_at,
               extract(epoch FROM ordered_at - lag(ordered_at) OVER (PARTITION BY product
                                                                      ORDER BY ordered_at, order_name)) / 86400 AS gap,
               row_number() OVER (PARTITION BY product ORDER BY ordered_at DESC, order_name DESC) AS back
        FROM mine
    ), paced AS (
        SELECT product, name, count(*) AS orders,
               extract(epoch FROM (SELECT now FROM moment) - max(ordered_at)) / 86400 AS since,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) FILTER (WHERE back <= 5) AS gap
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


@dataclass(frozen=True)
class Kind:
    """A sentence's pattern and its query, "" where it shows no figure."""

    pattern: str
    sql: str

    @property
    def regex(self) -> re.Pattern:
        return re.compile(self.pattern)


def trend(of_recent: str, of_earlier: str) -> str:
    return f"""{MINE}, both_periods AS (SELECT ({of_recent}) AS recent, ({of_earlier}) AS earlier)
        SELECT recent, earlier, 100 * abs(recent / earlier - 1) AS percent,
               CASE WHEN recent > earlier THEN 'more' ELSE 'less' END AS word FROM both_periods"""


N, DAYS = r"\d+", r"days?"
CHANGE = r"(?:much the same|(?P<percent>\d+)% (?P<word>more|less))"
BEFORE = r"in the 90 days before"

REASONS = {
    "own orders": Kind(
        rf"(?:Takes the place of (?P<name>.+?), no longer sold\. )?Ordered in (?P<orders>{N}) of "
        rf"(?P<client_orders>{N}) orders? since the first time"
        rf"(?:, lately every (?P<gap>{N}) {DAYS})?; last (?P<since>{N}) {DAYS} ago\.",
        f"""{MINE} SELECT (SELECT count(*) FROM own) AS orders, (SELECT max(name) FROM own) AS name,
            (SELECT count(*) FROM orders WHERE ordered_at >= (SELECT min(ordered_at) FROM own)) AS client_orders,
            {MEDIAN_GAP.format("own_gaps WHERE back <= 5")} AS gap, {SINCE.format("own")} AS since""",
    ),
    "goes with": Kind(
        rf"Never ordered here; goes with (?P<name>.+?): (?P<both>{N}) of the (?P<buyers>{N}) clients? "
        r"that bought it bought this too\.",
        f"""{MINE}, other AS (
                SELECT DISTINCT product, name FROM mine
                WHERE name = %(name)s AND product = coalesce(%(goesWith)s, product)
            ), buyers AS (SELECT DISTINCT client FROM baskets JOIN other USING (product))
            SELECT (SELECT name FROM other) AS name, (SELECT count(*) FROM buyers) AS buyers,
            (SELECT count(DISTINCT client) FROM baskets JOIN buyers USING (client)
             WHERE product = %(product)s) AS both""",
    ),
    "popular": Kind(
        rf"Never ordered here; bought from (?P<start>\S+) to (?P<until>\S+) by (?P<buyers>{N}) of the (?P<clients>{N}) "
        r"clients?(?: of the segment (?P<segment>.+?))? ordering then\.",
        """SELECT (%(now)s - interval '90 days')::date AS start, %(now)s::timestamptz::date AS until,
                  count(DISTINCT client) FILTER (WHERE product = %(product)s) AS buyers,
                  count(DISTINCT client) AS clients, %(segment)s AS segment
           FROM baskets
            WHERE ordered_at >= %(now)s - interval '90 days' AND (segment = %(segment)s OR %(segment)s = '')""",
    ),
    "instead of": Kind(
        rf"Instead of (?P<units>[\d.]+) (?P<name>.+?) at (?P<price>[\d.]+)"
        rf"(?:, in packs of (?P<pack>{N}) and not (?P<former_pack>{N}))?; (?P<both>{N}) of the (?P<buyers>{N}) "
        r"clients? that bought it bought this too\.",
        f"""{MINE}, {USUAL} SELECT (SELECT DISTINCT name FROM mine WHERE product = %(replaces)s) AS name,
            (SELECT units FROM sold) AS units,
            (SELECT price FROM mine WHERE product = %(replaces)s AND price IS NOT NULL
             ORDER BY ordered_at DESC, order_name DESC LIMIT 1) AS price,
            (SELECT pack_size FROM recommender_product WHERE external_id = %(product)s) AS pack,
            (SELECT pack_size FROM recommender_product WHERE external_id = %(replaces)s) AS former_pack,
            (SELECT count(DISTINCT client) FROM baskets WHERE product = %(replaces)s) AS buyers,
            (SELECT count(DISTINCT client) FROM baskets JOIN baskets other USING (client)
             WHERE baskets.product = %(product)s AND other.product = %(replaces)s) AS both""",
    ),
    "instead of, by segment": Kind(
        rf"Instead of (?P<units>[\d.]+) (?P<name>.+?) at (?P<price>[\d.]+)"
        rf"(?:, in packs of (?P<pack>{N}) and not (?P<former_pack>{N}))?; bought from (?P<start>\S+) to (?P<until>\S+) "
        rf"by (?P<takers>{N}) of the (?P<clients>{N}) clients?(?: of the segment (?P<segment>.+?))? ordering then\.",
        f"""{MINE}, {USUAL} SELECT (SELECT DISTINCT name FROM mine WHERE product = %(replaces)s) AS name,
            (SELECT units FROM sold) AS units,
            (SELECT price FROM mine WHERE product = %(replaces)s AND price IS NOT NULL
             ORDER BY ordered_at DESC, order_name DESC LIMIT 1) AS price,
            (SELECT pack_size FROM recommender_product WHERE external_id = %(product)s) AS pack,
            (SELECT pack_size FROM recommender_product WHERE external_id = %(replaces)s) AS former_pack,
            (%(now)s - interval '90 days')::date AS start, %(now)s::timestamptz::date AS until,
            count(DISTINCT client) FILTER (WHERE product = %(product)s) AS takers,
            count(DISTINCT client) AS clients, %(segment)s AS segment
            FROM baskets
            WHERE ordered_at >= %(now)s - interval '90 days' AND (segment = %(segment)s OR %(segment)s = '')""",
    ),
    "more at once": Kind(
        rf"Instead of (?P<units>[\d.]+) (?P<name>[^;]+?) at (?P<price>[\d.]+); (?P<takers>{N}) of the (?P<buyers>{N}) "
        r"clients? that ordered it 3 times or more usually take (?P<larger>[\d.]+) or more at once\.",
        f"""{MINE}, {USUAL}, last_five AS (
                SELECT client, quantity,
                       row_number() OVER (PARTITION BY client ORDER BY ordered_at DESC, order_name DESC) AS back,
                       count(*) OVER (PARTITION BY client) AS orders
                FROM baskets WHERE product = %(replaces)s
            ), regular AS (
                SELECT client, percentile_cont(0.5) WITHIN GROUP (ORDER BY quantity) AS units FROM last_five
                WHERE back <= 5 AND orders >= 3 GROUP BY 1
            ), step AS (
                SELECT min(units) AS units FROM (
                    SELECT units FROM regular ORDER BY units DESC
                    LIMIT greatest((SELECT count(*) FROM regular) / 4, 1)
                ) AS upper_quarter
            )
            SELECT (SELECT DISTINCT name FROM mine WHERE product = %(replaces)s) AS name,
                   (SELECT price FROM mine WHERE product = %(replaces)s AND price IS NOT NULL
                    ORDER BY ordered_at DESC, order_name DESC LIMIT 1) AS price,
                   (SELECT units FROM sold) AS units, (SELECT units FROM step) AS larger,
                   count(*) FILTER (WHERE regular.units >= (SELECT units FROM step)) AS takers, count(*) AS buyers
            FROM regular""",
    ),
    "season": Kind(
        rf"Seasonal: (?P<inside>{N}) of its (?P<orders>{N}) orders fell within 45 days of this time of the year, "
        rf"as did (?P<all_inside>{N}) of all (?P<client_orders>{N}) orders?\.",
        f"""{MINE}, apart AS (SELECT {DAY_APART} FROM own, moment),
            all_apart AS (SELECT {DAY_APART} FROM orders, moment)
            SELECT (SELECT count(*) FROM apart WHERE {IN_SEASON}) AS inside, (SELECT count(*) FROM apart) AS orders,
            (SELECT count(*) FROM all_apart WHERE {IN_SEASON}) AS all_inside,
            (SELECT count(*) FROM all_apart) AS client_orders""",
    ),
}


def edges_below(figure: str) -> str:
    """How many of the edges between the fifths of all clients lie below the client's own figure."""
    return f"""(SELECT count(*) FROM unnest(percentiles.{figure}) AS edge
                WHERE round(edge::numeric, 6) < round(me.{figure}::numeric, 6))"""


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
        rf"The middle half of the intervals lies between (?P<low>{N}) and (?P<high>{N}) {DAYS}: (?P<word>[a-z ]+)\.",
        f"""{MINE}, quartiles AS (SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY gap) AS low,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS middle,
            percentile_cont(0.75) WITHIN GROUP (ORDER BY gap) AS high FROM gaps)
            SELECT low, high, CASE WHEN high - low <= middle / 2 THEN 'regular' WHEN high - low <= middle
            THEN 'fairly regular' ELSE 'irregular' END AS word FROM quartiles""",
    ),
    "next order": Kind(
        r"By that the next order (?P<word>is|was) due on (?P<day>\S+)\.",
        f"""{MINE}, due AS (
                SELECT max(ordered_at) + {MEDIAN_GAP.format("gaps WHERE back <= 5")} * interval '1 day' AS at
                FROM orders
            ) SELECT at::date AS day, CASE WHEN at >= now THEN 'is' ELSE 'was' END AS word
            FROM due, moment""",
    ),
    "segment": Kind(
        rf"Segment: [a-z ]+ \(recency (?P<recency>{N}), frequency (?P<frequency>{N}), money (?P<money>{N}); "
        rf"of 5 each, against (?P<clients>{N}) clients\): last order (?P<since>{N}) {DAYS} ago, "
        rf"(?P<orders>{N}) orders? "
        r"and (?P<amount>[\d.]+) spent in the last 365 days\.",
        f"""WITH figures AS (
                SELECT client, extract(epoch FROM %(now)s - max(ordered_at)) / 86400 AS since,
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
            SELECT me.since, me.orders, me.amount, percentiles.clients, 5 - {edges_below("since")} AS recency,
                   1 + {edges_below("orders")} AS frequency, 1 + {edges_below("amount")} AS money
            FROM figures me, percentiles WHERE me.client = %(client)s""",
    ),
    "order trend": Kind(
        rf"(?P<recent>{N}) orders? in the last 90 days, (?P<earlier>{N}) {BEFORE}\.",
        f"{MINE} SELECT (SELECT count(*) FROM recent) AS recent, (SELECT count(*) FROM earlier) AS earlier",
    ),
    "spend trend": Kind(
        rf"(?P<recent>[\d.]+) spent in the last 90 days, (?P<earlier>[\d.]+) {BEFORE}: {CHANGE}\.",
        trend("SELECT sum(amount) FROM recent", "SELECT sum(amount) FROM earlier"),
    ),
    "basket trend": Kind(
        rf"(?P<recent>[\d.]+) products an order in the last 90 days, (?P<earlier>[\d.]+) {BEFORE}: {CHANGE}\.",
        trend("SELECT avg(products) FROM recent", "SELECT avg(products) FROM earlier"),
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
        rf"The last (?P<orders>{N}) orders? with a price came to (?P<amount>[\d.]+) on average\.",
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
        rf"Only (?P<orders>{N}) orders? of this client known: the suggestions are uncertain\.",
        f"{MINE} SELECT count(*) AS orders FROM orders",
    ),
    "no order": Kind(r"No order of this client is known: the suggestions rest on other clients alone\.", ""),
    "churn": Kind(
        rf"No order for (?P<since>{N}) {DAYS}, against one every (?P<gap>{N}) {DAYS} in the median: may be leaving "
        r"\(more than 60 days and 3 such intervals\)\.",
        f"""{MINE} SELECT {SINCE.format("orders")} AS since, {MEDIAN_GAP.format("gaps")} AS gap
            WHERE {SINCE.format("orders")} > greatest(60, 3 * {MEDIAN_GAP.format("gaps")})""",
    ),
    "overdue": Kind(
        rf"(?P<count>{N}) regular products? due or overdue: (?P<named>.+)\.",
        f"""{MINE}, {PACED}, due AS (
                SELECT *, row_number() OVER (ORDER BY since / gap DESC, product COLLATE "C") AS place FROM paced
                WHERE orders >= 3 AND since / gap >= 1 AND since / gap < 6
            )
            SELECT count(*) AS count,
                   string_agg(name || ' (last ' || days || CASE days WHEN 1 THEN ' day' ELSE ' days' END || ' ago)',
                              ', ' ORDER BY place) FILTER (WHERE place <= 3) AS named
            FROM (SELECT *, round(since::float) AS days FROM due) AS rounded""",
    ),
    "outlook": Kind(
        r"(?P<name>[^:]+): all clients together are expected to take [\d.]+ units a week in the 4 weeks from \S+, "
        r"\d+% (?:more|less) than the (?P<recent>[\d.]+) of the 8 weeks before\.",
        """SELECT %(name)s AS name, sum(quantity) / 8 AS recent FROM baskets
            WHERE name = %(name)s AND ordered_at > %(now)s::timestamptz - interval '56 days'""",
    ),
    "too few overdue": Kind(
        rf"{N} suggestions? where {N} were asked for; left out: (?:(?P<seldom>{N}) bought too seldom to tell, )?"
        rf"(?:(?P<gone>{N}) given up \(6 intervals and more\), )?{N} never bought(?:, {N} no longer sold)?"
        rf"(?:, (?P<later>{N}) not due yet)?\.",
        f"""{MINE}, {PACED} SELECT count(*) FILTER (WHERE NOT regular) AS seldom,
            count(*) FILTER (WHERE regular AND since / gap >= 6) AS gone,
            count(*) FILTER (WHERE regular AND since / gap < 1) AS later
            FROM (SELECT *, orders >= 3 AND gap > 0 AS regular FROM paced) AS judged""",
    ),
    "of others": Kind(r"Not bought yet, but by clients alike: .+\.", ""),
}


WEEKS = f"""{MINE}, weeks AS (
        SELECT generate_series(greatest(date_trunc('week', min(ordered_at)), date_trunc('week', now)
               - interval '25 weeks'), now, interval '1 week') AS week, now
        FROM own, moment GROUP BY now
    )
    SELECT week::date::text, coalesce(sum(quantity), 0)::float
    FROM weeks LEFT JOIN own ON date_trunc('week', ordered_at) = week GROUP BY week ORDER BY week"""

MONTHS = f"""{MINE}, months AS (
        SELECT generate_series(date_trunc('month', min(ordered_at)), now, interval '1 month') AS month
        FROM mine, moment GROUP BY now
    ), sold AS (
        SELECT month, coalesce(sum(quantity), 0) AS units
        FROM months LEFT JOIN mine ON date_trunc('month', ordered_at) = month GROUP BY month
    )
    SELECT (avg(units) FILTER (WHERE extract(month FROM month) = number) / (SELECT avg(units) FROM sold))::float
    FROM sold, generate_series(1, 12) AS number GROUP BY number ORDER BY number"""


@dataclass(frozen=True)
class Sentence:
    """A sentence as it was read: of which kind, what it shows, and what it is about."""

    kind: str
    shown: dict[str, str]
    about: dict[str, Any]


def read(text: str, kinds: dict[str, Kind], about: dict[str, Any]) -> list[Sentence]:
    """The sentences of a text, which is made of nothing else."""
    found, at = [], 0
    while at < len(text):
        kind, match = next(
            ((name, match) for name, kind in kinds.items() if (match := kind.regex.match(text, at))), (None, None)
        )
        assert match, f"nobody can recompute: {text[at:]}"
        found.append(Sentence(kind, {name: value for name, value in match.groupdict().items() if value}, about))
        at = match.end() + 1
    return found


def rows(sql: str, about: dict[str, Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, about)
        return cursor.fetchall()


def recomputed(sentence: Sentence, kinds: dict[str, Kind]) -> dict[str, str]:
    """What the tables say of what the sentence shows, written with as many decimals as it shows."""
    with connection.cursor() as cursor:
        cursor.execute(kinds[sentence.kind].sql, sentence.about | {"name": sentence.shown.get("name")})
        columns = [column.name for column in cursor.description]
        row = dict(zip(columns, cursor.fetchone() or [None] * len(columns), strict=True))
    return {name: as_shown(row[name], value) for name, value in sentence.shown.items()}


def as_shown(value: Any, shown: str) -> str:
    """`shown` itself where the value rounds to it, as half may go either way; else the value."""
    if value is None or isinstance(value, str | date | datetime):
        return str(value)
    half = 0.5 * 10 ** -len(shown.partition(".")[2])
    return shown if abs(float(value) - float(shown)) <= half + 1e-6 else str(float(value))
