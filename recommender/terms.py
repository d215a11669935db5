"""What a suggestion would cost and how much of it can be had: market, stock, packs and minimums."""

import math
from dataclasses import dataclass
from typing import Any

from recommender.items import Item
from recommender.requests import SuggestionRequest


@dataclass(frozen=True, slots=True)
class Terms:
    """`notes` are added to the reason: what promotion or stock did to the line."""

    quantity: int
    price: float | None
    notes: tuple[str, ...] = ()


def terms_of(item: Item, request: SuggestionRequest, units: float) -> Terms | None:
    """Quantity and price of `units` wanted of an item; None where not one unit can be sold."""
    price, notes = price_of(item, request.market)
    wanted = units * demand_factor(item, request.market)
    pack = item.facts.pack_size if item.facts else 1
    minimum = item.facts.min_order_quantity if item.facts else 1
    quantity = in_packs(max(wanted, minimum), pack)
    available, incoming = available_units(request.stock.get(item.product))
    if available is None or quantity <= available:
        return Terms(quantity, price, notes)
    capped = available // pack * pack
    if capped < minimum or capped < 1:
        return None
    coming = f", {incoming:g} more on the way" if incoming else ""
    return Terms(capped, price, (*notes, f"Only {available} in stock{coming}."))


def in_packs(units: float, pack: int) -> int:
    """The nearest number of whole packs, at least one, in units."""
    return max(1, math.floor(units / pack + 0.5)) * pack


def price_of(item: Item, market: dict[str, Any]) -> tuple[float | None, tuple[str, ...]]:
    price = market.get("prices", {}).get(item.product, item.usual_price)
    discount = market.get("promotions", {}).get(item.product, 0)
    if price is None or not discount:
        return rounded_price(price), ()
    return rounded_price(price * (1 - discount)), (f"On promotion at {discount:.0%} off.",)


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
            return math.floor(level["onHand"] - level.get("reserved", 0)), level.get("incoming", 0)
    return math.floor(level), 0
