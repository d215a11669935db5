"""A small wholesale house with habits that tests can name."""

from datetime import UTC, datetime, timedelta

import numpy as np

from recommender.loading.merge import merge_clients, merge_orders, merge_products
from recommender.models import Product

FIRST_DAY = datetime(2025, 1, 6, 9, tzinfo=UTC)
LAST_DAY = FIRST_DAY + timedelta(days=300)
AS_OF_LAST_DAY = {"parameters": {"asOf": LAST_DAY.isoformat()}}  # an activity's aiModel
CLIENTS_PER_SEGMENT = 20
STAPLES = {"cafe": ["coffee", "milk", "sugar"], "bar": ["beer", "crisps", "lemons"]}
EXTRAS = {"cafe": ["tea", "honey", "syrup", "cups"], "bar": ["gin", "tonic", "nuts", "ice"]}
PRICES = {"coffee": 12.5, "milk": 1.1, "sugar": 0.9, "beer": 18.0, "crisps": 6.0, "lemons": 2.4, "gin": 21.0}
PREMIUM = {"coffee-gold": ("hot drinks", 19.0), "craft-beer": ("drinks", 29.0)}
CATEGORIES = {"coffee": "hot drinks", "tea": "hot drinks", "beer": "drinks", "gin": "drinks", "tonic": "drinks"}


def facts(product: str, **fields: object) -> None:
    """What the house is from now on said to know of a product."""
    Product.objects.filter(external_id=product).update(**fields)


def load_wholesale_house(seed: int = 1) -> None:
    """Cafes and bars that order their staples every week and an extra now and then."""
    random = np.random.default_rng(seed)
    merge_clients(
        [
            {"external_id": f"{segment}-{number:02}", "name": f"{segment.title()} {number}", "segment": segment}
            for segment in STAPLES
            for number in range(CLIENTS_PER_SEGMENT)
        ]
    )
    named = [product for group in (STAPLES, EXTRAS) for products in group.values() for product in products]
    merge_products(
        [
            {"external_id": product, "name": product.title(), "category": CATEGORIES.get(product, "groceries"),
             "list_price": PRICES.get(product, 3.0), "pack_size": 6 if product in ("milk", "beer") else 1}
            for product in named
        ]
        + [
            {"external_id": product, "name": product.title(), "category": category, "list_price": price}
            for product, (category, price) in PREMIUM.items()
        ]
    )  # fmt: skip
    orders = [
        order
        for segment in STAPLES
        for number in range(CLIENTS_PER_SEGMENT)
        for order in orders_of(segment, number, random)
    ]
    merge_orders(orders, source="test")


def orders_of(segment: str, number: int, random: np.random.Generator) -> list[dict]:
    favourite = EXTRAS[segment][number % len(EXTRAS[segment])]
    premium = {"cafe": "coffee-gold", "bar": "craft-beer"}[segment]
    orders = []
    for week in range(43):
        wanted = [product for product in STAPLES[segment] if random.random() < 0.8]
        wanted += [favourite] if random.random() < 0.4 else []
        wanted += [extra for extra in EXTRAS[segment] if extra != favourite and random.random() < 0.04]
        wanted += [premium] if number % 5 == 0 and random.random() < 0.3 else []
        orders.append(
            {
                "external_id": f"{segment}-{number:02}-{week:02}",
                "client": f"{segment}-{number:02}",
                "rep": f"rep-{number % 3}",
                "ordered_at": FIRST_DAY + timedelta(days=7 * week + number % 5, hours=number % 7),
                "lines": [
                    {"product": product, "quantity": int(random.integers(6, 19)), "unit_price": PRICES.get(product)}
                    for product in wanted
                ],
            }
        )
    return orders
