"""What a client spends and how much it puts into an order, the last quarter of a year against the one before."""

import numpy as np

from recommender.engine.history import OrderHistory
from recommender.wording import change, counted, money

PERIOD_DAYS = 90


def order_amounts(history: OrderHistory) -> np.ndarray:
    """(O,) money of each order, NaN where a line has no price: what it came to is not known."""
    return np.bincount(history.line_order, history.line_quantity * history.line_price, len(history.order_day))


def spend_and_basket_trends(history: OrderHistory, now: float) -> list[str]:
    """Nothing where the client's history does not reach back two periods."""
    if not len(history.order_day) or history.order_day[0] > now - 2 * PERIOD_DAYS:
        return []
    recent = history.order_day >= now - PERIOD_DAYS
    earlier = ~recent & (history.order_day >= now - 2 * PERIOD_DAYS)
    periods = f"in the last {PERIOD_DAYS} days, {{}} in the {PERIOD_DAYS} days before"
    said = [f"{counted(int(recent.sum()), 'order')} {periods.format(int(earlier.sum()))}."]
    if not recent.any() or not earlier.any():
        return said
    amounts = order_amounts(history)
    # Rounded as they are told, so that the change is that of the two figures beside it.
    spent, before = (round(float(amounts[period].sum()), 2) for period in (recent, earlier))
    if before > 0 and not np.isnan(spent):
        said.append(f"{money(spent)} spent {periods.format(money(before))}: {change(spent, before)}.")
    sizes = np.bincount(history.line_order, minlength=len(history.order_day))
    size, former = (round(float(sizes[period].mean()), 1) for period in (recent, earlier))
    said.append(f"{size:.1f} products an order {periods.format(f'{former:.1f}')}: {change(size, former)}.")
    return said
