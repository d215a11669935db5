"""What the catalogue says of products, as plain facts: for one suggestion it is asked about hundreds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from recommender.models import Product

COLUMNS = (
    "external_id", "name", "category", "list_price", "pack_size", "min_order_quantity", "active",
    "replaced_by__external_id",
)  # fmt: skip


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
    """By external id, of those that the catalogue has; a query more where some of them are replaced."""
    found, heir_of = read(products)
    heirs, _ = read(sorted(set(heir_of.values()))) if heir_of else ({}, {})
    return found | {product: replace(found[product], replaced_by=heirs[heir]) for product, heir in heir_of.items()}


def read(products: Sequence[str]) -> tuple[dict[str, ProductFacts], dict[str, str]]:
    """(facts without successors, product -> the one that replaces it)."""
    found, heir_of = {}, {}
    rows = Product.objects.filter(external_id__in=products).values_list(*COLUMNS)
    for product, name, category, price, pack_size, least, active, heir in rows:
        price = None if price is None else float(price)
        found[product] = ProductFacts(product, name, category, price, pack_size, least, active)
        if heir is not None:
            heir_of[product] = heir
    return found, heir_of
