"""What the catalogue says of products, as plain facts: for one suggestion it is asked about hundreds."""

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.models import Product
from salesai.prepared import fetch

COLUMNS = ["external_id", "name", "category", "list_price::float8", "pack_size", "min_order_quantity", "active"]
TABLE = Product._meta.db_table
# By hand: with hundreds of rows, Django's part of it took most of the time. A step of `line` leads from what has
# been replaced to its successor, and on to the successor's; it may lead in circles.
FACTS = f"""
    SELECT {", ".join(f"{table}.{column}" for table in ("named", "successor") for column in COLUMNS)}
    FROM {TABLE} named
    LEFT JOIN (
        WITH RECURSIVE line AS (
            SELECT id AS first, replaced_by_id AS heir, ARRAY[id] AS passed FROM {TABLE}
            WHERE external_id = ANY(%(products)s) AND replaced_by_id IS NOT NULL
            UNION ALL
            SELECT first, next.replaced_by_id, passed || next.id FROM line JOIN {TABLE} next ON next.id = heir
            WHERE next.replaced_by_id <> ALL(passed || next.id)
        )
        SELECT first, heir, cardinality(passed) AS place FROM line
    ) succession ON first = named.id
    LEFT JOIN {TABLE} successor ON successor.id = heir
    WHERE named.external_id = ANY(%(products)s) ORDER BY place"""


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """`successors`: what replaces this product, what replaces that, and so on, sold or not; these have none here."""

    product: str
    name: str
    category: str
    list_price: float | None
    pack_size: int
    min_order_quantity: int
    active: bool
    successors: tuple["ProductFacts", ...] = ()


def facts_of(products: Sequence[str]) -> dict[str, ProductFacts]:
    """By external id, of those that the catalogue has; one query."""
    lines: dict[tuple, tuple[ProductFacts, ...]] = {}
    for row in fetch(FACTS, {"products": list(products)}):
        own, heir = row[: len(COLUMNS)], row[len(COLUMNS) :]
        lines[own] = lines.get(own, ()) + (() if heir[0] is None else (ProductFacts(*heir),))
    return {own[0]: ProductFacts(*own, successors=line) for own, line in lines.items()}
