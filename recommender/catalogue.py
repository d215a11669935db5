"""What the catalogue says of products, as plain facts: for one suggestion it is asked about hundreds."""

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.models import IsAnyOf, Product

COLUMNS = ("external_id", "name", "category", "list_price", "pack_size", "min_order_quantity", "active")


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
    rows = Product.objects.filter(IsAnyOf("external_id", products)).values_list(
        *COLUMNS, *(f"replaced_by__{column}" for column in COLUMNS)
    )
    found = {}
    for row in rows:
        own, heir = row[: len(COLUMNS)], row[len(COLUMNS) :]
        found[own[0]] = facts(own, None if heir[0] is None else facts(heir, None))
    return found


def facts(columns: tuple, replaced_by: ProductFacts | None) -> ProductFacts:
    product, name, category, price, *rest = columns
    return ProductFacts(product, name, category, None if price is None else float(price), *rest, replaced_by)
