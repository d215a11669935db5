"""Reading the sentences of reasons and insights, and finding their figures in the tables by SQL.

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
        SELECT order_id, order_name, ordered_at, count(*) AS products,
               CASE count(price) WHEN count(*) THEN sum(quantity * price) END AS amount
        FROM mine GROUP BY 1, 2, 3
    ),
    days AS (SELECT DISTINCT ordered_at::date AS day FROM orders),
    gaps AS (
        SELECT day - lag(day) OVER (ORDER BY day) AS gap, row_number() OVER (ORDER BY day DESC) AS back FROM days
    ),
    formers AS (
        SELECT former.external_id FROM recommender_product former
        JOIN recommender_product heir ON heir.id = former.replaced_by_id WHERE heir.external_id = %(product)s
    ),
    own AS (
        SELECT * FROM mine WHERE product = %(product)s
        OR product IN (SELECT * FROM formers) AND NOT EXISTS (SELECT FROM mine WHERE product = %(product)s)
    ),
    own_days AS (SELECT DISTINCT ordered_at::date AS day FROM own),
    own_gaps AS (
        SELECT day - lag(day) OVER (ORDER BY day) AS gap, row_number() OVER (ORDER BY day DESC) AS back FROM own_days
    ),
    recent AS (SELECT * FROM orders, moment WHERE ordered_at >= now - interval '90 days'),
    earlier AS (
        SELECT * FROM orders, moment
        WHERE ordered_at < now - interval '90 days' AND ordered_at >= now - interval '180 days'
    )"""

MEDIAN_GAP = "(SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) FROM {})"
SINCE = "(SELECT now FROM moment)::date - (SELECT max(ordered_at) FROM {})::date"


@dataclass(frozen=True)
class Kind:
    """A sentence's pattern and its query, "" where it shows no figure."""

    pattern: str
    sql: str

    @property
    def regex(self) -> re.Pattern:
        return re.compile(self.pattern)


N, DAYS = r"\d+", r"days?"


@dataclass(frozen=True)
class Sentence:
    """A sentence as it was read: of which kind, what it shows, and what it is about."""

    kind: str
    shown: dict[str, str]
    about: dict[str, Any]


def read(text: str, kinds: dict[str, Kind], about: dict[str, Any]) -> list[Sentence]:
    """The sentences of a text, which is made of nothing else."""
    text = text.replace("very day ", "very 1 day ").replace(" today", " 0 days ago")
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
