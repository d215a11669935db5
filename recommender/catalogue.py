"""What the catalogue says of products, as plain facts: for one suggestion it is asked about hundreds."""

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.models import Product
from salesai.prepared import fetch

COLUMNS = ["external_id", "name", "category", "list_price::float8", "pack_size", "min_order_quantity", "active"]
# By hand: with hundreds of rows, Django's part of it took most of the time.
FACTS = f"""
    SELECT {", ".join(f"{table}.{column}" for table in ("product", "heir") for column in COLUMNS)}
    FROM {Product._meta.db_table} product
    LEFT JOIN {Product._meta.db_table} heir ON heir.id = product.replaced_by_id
    WHERE product.external_id = ANY(%s)"""


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """`replaced_by` is the product that takes the place of this one, with nothing said of what replaces that."""

    product: str
    name: str
    category: str
    list_price: float | None
    pack_size: int
    min_order_quantity: int
    active: bool
    replaced_by: "ProductFacts | None" = None


def facts_of(products: Sequence[str]) -> dict[str, ProductFacts]:
    """By external id, of those that the catalogue has; one query."""
    found = {}
    for row in fetch(FACTS, [list(products)]):
        own, heir = row[: len(COLUMNS)], row[len(COLUMNS) :]
        found[own[0]] = ProductFacts(*own, replaced_by=None if heir[0] is None else ProductFacts(*heir))
    return found
