"""Products that a client pays or takes noticeably more or less of than it used to."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.history import OrderHistory
from recommender.items import Item
from recommender.wording import change, counted, unit_price, units

BEFORE = 10  # purchases before the last that make the usual
LEAST_BEFORE = 3
LATELY_DAYS = 180  # what was bought last before that is no news
PRICE_CHANGE = 0.02
QUANTITY_CHANGE = 0.5
NAMED = 3


@dataclass(frozen=True, slots=True)
class Change:
    """Of one product: the last figure and the median of `count` before it."""

    item: Item
    last: float
    usual: float
    count: int

    @property
    def size(self) -> float:
        """The greater of the two as a multiple of the smaller, less one."""
        return round(max(self.last, self.usual) / min(self.last, self.usual) - 1, 6)


def price_and_quantity_changes(history: OrderHistory, now: float, own: dict[str, Item]) -> list[str]:
    """The greatest NAMED of each, greatest first. `own`: by product id, what the client bought."""
    prices, quantities = [], []
    for code in np.unique(history.line_product).tolist():
        lines = np.flatnonzero(history.line_product == code)
        item = own.get(str(history.products[code]))
        if item is None:
            continue
        is_late = history.line_day[lines] >= now - LATELY_DAYS
        prices += changed(item, history.line_price[lines], is_late, PRICE_CHANGE)
        quantities += changed(item, history.line_quantity[lines], is_late, QUANTITY_CHANGE)
    return [
        f"{c.item.name} was {unit_price(c.last)} a unit last, {unit_price(c.usual)} in the median of the "
        f"{counted(c.count, 'purchase')} before: {change(c.last, c.usual)}."
        for c in greatest(prices)
    ] + [
        f"{units(c.last)} of {c.item.name} last, {units(c.usual)} in the median of the "
        f"{counted(c.count, 'purchase')} before: {change(c.last, c.usual)}."
        for c in greatest(quantities)
    ]


def changed(item: Item, values: np.ndarray, is_late: np.ndarray, least: float) -> list[Change]:
    """`values`: of the product's purchases, in order of time, NaN where not known; `is_late`: of the same."""
    is_known = ~np.isnan(values)
    known, late = values[is_known], is_late[is_known]
    before = known[-1 - BEFORE : -1]
    if len(before) < LEAST_BEFORE or not late[-1] or known[-1] <= 0 or np.median(before) <= 0:
        return []
    found = Change(item, float(known[-1]), float(np.median(before)), len(before))
    return [found] if found.size >= least else []


def greatest(changes: list[Change]) -> list[Change]:
    return sorted(changes, key=lambda change: (-change.size, change.item.product))[:NAMED]
