"""What reasons say, and for each kind of sentence the SQL that finds its figures in the tables."""

from tests.recommender.recomputed import DAYS, MEDIAN_GAP, MINE, SINCE, Kind, N

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
