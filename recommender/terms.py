"""What a suggestion would cost and how much of it can be had: market, stock, packs and minimums."""

import math
from dataclasses import dataclass
from typing import Any

from recommender.items import Item
from recommender.money import exact
from recommender.requests import SuggestionRequest


@dataclass(frozen=True, slots=True)
class Terms:
    """Units and unit price of a line.

    wanted  units before stock and budget cut them
    notes   are added to the reason: what promotion, stock and budget did to the line
    """

    quantity: int
    price: float | None
    wanted: int
    notes: tuple[str, ...] = ()


Line = tuple[Item, Terms]
"""A line of a list."""


def terms_of(item: Item, request: SuggestionRequest, units: float) -> Terms | None:
    """Quantity and price of `units` wanted of an item; None where the stock does not hold the least that is sold."""
    price, notes = price_of(item, request.market)
    wanted = sold_units(item, units * demand_factor(item, request.market))
    available, incoming = available_units(request.stock.get(item.product))
    if available is None or wanted <= available:
        return Terms(wanted, price, wanted, notes)
    capped = available // item.pack_size * item.pack_size
    if capped < max(item.min_order_quantity, 1):
        return None
    coming = f", {incoming:.15g} more on the way" if incoming > 0 else ""
    return Terms(capped, price, wanted, (*notes, f"Only {available} in stock{coming}."))


def sold_units(item: Item, units: float) -> int:
    """Whole packs nearest to `units`, at least one, and at least the minimum order quantity."""
    nearest = max(1, math.floor(units / item.pack_size + 0.5)) * item.pack_size
    return max(nearest, packs_up(item.min_order_quantity, item.pack_size))


def packs_up(units: int, pack: int) -> int:
    """The units of the whole packs that hold at least `units`."""
    return -(-units // pack) * pack


def price_of(item: Item, market: dict[str, Any]) -> tuple[float | None, tuple[str, ...]]:
    price = price_before_discount(item, market)
    discount = market.get("promotions", {}).get(item.product, 0)
    if price is None or not discount:
        return rounded_price(price), ()
    return rounded_price(price * (1 - discount)), (f"On promotion at {100 * discount:.15g}% off.",)


def price_before_discount(item: Item, market: dict[str, Any]) -> float | None:
    return market.get("prices", {}).get(item.product, item.usual_price)


def rounded_price(price: float | None) -> float | None:
    return None if price is None else round(float(price), 4)


def demand_factor(item: Item, market: dict[str, Any]) -> float:
    """The product's own factor, else its category's, else 1."""
    factors = market.get("demandFactors", {})
    return factors.get(item.product, factors.get(item.category, 1) if item.category else 1)


def available_units(level: Any) -> tuple[int | None, float]:
    """(whole units that can be sold, units on the way); None where nothing is said of the product."""
    match level:
        case None:
            return None, 0
        case dict():
            return math.floor(exact(level["onHand"]) - exact(level.get("reserved", 0))), level.get("incoming", 0)
    return math.floor(level), 0
