"""Which of a client's judged products each activity type shows, and how many units of each."""

from collections.abc import Callable

from recommender.forecasting import expected_purchases
from recommender.items import Item
from recommender.requests import CROSS_SELL, DEMAND_FORECASTING, ORDER_ANALYSIS, RECOMMENDATION, UPSELL

Chosen = list[tuple[Item, float]]
GIVEN_UP = 6  # intervals without a purchase; what is as long gone is no reorder that was forgotten


def next_basket(items: list[Item]) -> Chosen:
    """Repeats and discoveries together."""
    return [(item, item.typical_quantity) for item in items]


def overdue_reorders(items: list[Item]) -> Chosen:
    """What the client buys regularly and has not bought for longer than usual, but has not given up either."""
    return [(item, item.typical_quantity) for item in items if 1 <= item.overdue < GIVEN_UP]


def expected_demand(items: list[Item]) -> Chosen:
    """What the client buys, with the units it will need over the horizon."""
    return [(item, expected_purchases(item.probability) * item.typical_quantity) for item in items if not item.is_new]


def companions(items: list[Item]) -> Chosen:
    """Products new to the client that go with one it buys."""
    return [(item, item.typical_quantity) for item in items if item.is_new and item.goes_with and item.buyers_of_both]


def upgrades(items: list[Item]) -> Chosen:
    """Dearer products of the same category as one the client buys, in the quantity it buys that one."""
    own = {item.product: item for item in items if not item.is_new}
    chosen = []
    for item in items:
        replaced = replaced_by(item, own)
        if replaced is not None:
            chosen.append((item, replaced.typical_quantity))
    return chosen


def replaced_by(item: Item, own: dict[str, Item]) -> Item | None:
    """The client's own product that a dearer new one would be bought instead of.

    Of the same category the one bought most often; where the catalogue has no categories, the one it
    is bought together with.
    """
    if not item.is_new or not item.usual_price:
        return None
    cheaper = [other for other in own.values() if other.usual_price and other.usual_price < item.usual_price]
    if item.category:
        alike = [other for other in cheaper if other.category == item.category]
    else:
        alike = [other for other in cheaper if other.product == item.goes_with]
    return max(alike, key=lambda other: (other.orders, other.product), default=None)


CHOOSE: dict[str, Callable[[list[Item]], Chosen]] = {
    RECOMMENDATION: next_basket,
    ORDER_ANALYSIS: overdue_reorders,
    DEMAND_FORECASTING: expected_demand,
    CROSS_SELL: companions,
    UPSELL: upgrades,
}
