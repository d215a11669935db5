"""What a client's history says, in figures and plain words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from recommender.engine.history import OrderHistory
from recommender.items import Item
from recommender.listing import Listing
from recommender.reasons import counted, days

CHURN_DAYS = 60
CHURN_INTERVALS = 3
NAMED = 3


def date_of(day: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=float(day))


def buying_patterns(history: OrderHistory, now: float, items: list[Item]) -> list[str]:
    """`history` holds this client's orders alone."""
    if not len(history.order_day):
        return []
    gaps = np.diff(history.order_day)
    first, last = date_of(history.order_day[0]), date_of(history.order_day[-1])
    said = [
        f"{counted(len(history.order_day), 'order')} since {first:%Y-%m-%d}; the last on {last:%Y-%m-%d}, "
        f"{days(now - history.order_day[-1])} ago."
    ]
    if len(gaps):
        said.append(f"An order every {days(np.median(gaps))} in the median.")
    sizes = np.bincount(history.line_order, minlength=len(history.order_day))
    said.append(f"{counted(round(float(np.median(sizes))), 'product')} an order in the median.")
    amounts = order_amounts(history)
    if not np.isnan(amounts).all():
        recent = amounts[-5:][~np.isnan(amounts[-5:])]
        if len(recent):
            said.append(f"The last {counted(len(recent), 'order')} came to {recent.mean():.2f} on average.")
    favourites = sorted((item for item in items if not item.is_new), key=lambda item: (-item.orders, item.product))
    if favourites:
        listed = ", ".join(f"{item.name} ({counted(item.orders, 'order')})" for item in favourites[:NAMED])
        said.append(f"Bought most often: {listed}.")
    return said


def order_amounts(history: OrderHistory) -> np.ndarray:
    """(O,) money of each order's priced lines, NaN where no line has a price."""
    priced = ~np.isnan(history.line_price)
    orders = len(history.order_day)
    amount = np.bincount(
        history.line_order[priced], (history.line_quantity * history.line_price)[priced], minlength=orders
    )
    return np.where(np.bincount(history.line_order[priced], minlength=orders) > 0, amount, np.nan)


def risk_factors(history: OrderHistory, now: float, listing: Listing, limit: int) -> list[str]:
    said = []
    orders = len(history.order_day)
    if not orders:
        said.append("No order of this client is known: the suggestions rest on other clients alone.")
    elif orders < 3:
        said.append(f"Only {counted(orders, 'order')} of this client known: the suggestions are uncertain.")
    if orders > 1:
        interval = float(np.median(np.diff(history.order_day)))
        allowed = max(CHURN_DAYS, CHURN_INTERVALS * interval)
        silent = now - history.order_day[-1]
        if silent > allowed:
            said.append(
                f"No order for {days(silent)}, against one every {days(interval)} in the median: may be leaving."
            )
    if len(listing.lines) < limit:
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(listing.left_out.items()))
        said.append(
            f"{counted(len(listing.lines), 'suggestion')} where {limit} were asked for"
            + (f"; left out: {why}." if why else ": there are no more products to suggest.")
        )
    return said


def opportunities(items: list[Item]) -> list[str]:
    said = []
    overdue = sorted((item for item in items if item.overdue >= 1), key=lambda item: (-item.overdue, item.product))
    due = [item for item in overdue if item.orders >= 3 and item.overdue < 4]
    if due:
        listed = ", ".join(f"{item.name} (last {days(item.days_since)} ago)" for item in due[:NAMED])
        said.append(f"{counted(len(due), 'regular product')} due or overdue: {listed}.")
    new = [item for item in items if item.is_new][:NAMED]
    if new:
        said.append(f"Not bought yet, but by clients alike: {', '.join(item.name for item in new)}.")
    return said


def seasonality(history: OrderHistory, now: float) -> dict[str, Any]:
    """Units of each calendar month as a share of the client's average month; {} without history."""
    if not len(history.order_day):
        return {}
    month = np.array([date_of(day).year * 12 + date_of(day).month - 1 for day in history.order_day])
    last = date_of(now).year * 12 + date_of(now).month - 1
    units = np.bincount(month[history.line_order] - month[0], history.line_quantity, minlength=last - month[0] + 1)
    average = units.mean()
    calendar = (np.arange(len(units)) + month[0]) % 12
    shares = [
        float(round(units[calendar == m].mean() / average, 3)) if (calendar == m).any() else None for m in range(12)
    ]
    return {"months": shares}
