"""Where each order stands in its client's own time: how many came after it, how long ago it was."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.history import OrderHistory
from recommender.engine.purchases import RECENT_PURCHASES, last_values, medians_of_last

SECONDS_PER_DAY = 86_400
SHORTEST_GAP = 0.5  # days, or orders, that a gap counts as at least where something is held against it


@dataclass(frozen=True, slots=True)
class OrderClock:
    """Of the O orders and C clients of a history, seen from each client's `now`.

    now           (C,) float64  days since 1970-01-01 UTC
    orders        (C,) int64    orders of the client
    first, stop   (C,) int64    the client's part of the orders
    orders_after  (O,) int64    orders of the same client after this one
    age_days      (O,) float64  days from the order to `now`
    gap_days      (C,) float64  median of the last five intervals between orders, NaN below two orders
    """

    now: np.ndarray
    orders: np.ndarray
    first: np.ndarray
    stop: np.ndarray
    orders_after: np.ndarray
    age_days: np.ndarray
    gap_days: np.ndarray


def clock_of(history: OrderHistory, now: np.ndarray) -> OrderClock:
    clients = np.arange(len(history.clients))
    first = np.searchsorted(history.order_client, clients)
    stop = np.searchsorted(history.order_client, clients, side="right")
    return OrderClock(
        now=now,
        orders=stop - first,
        first=first,
        stop=stop,
        orders_after=stop[history.order_client] - 1 - np.arange(len(history.order_client)),
        age_days=(now[history.order_client] - history.order_day).clip(0),
        gap_days=medians_of_last(np.diff(history.order_day, prepend=0.0), first + 1, stop),
    )


def spread_of_last(values: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """(R,) float64: mean absolute distance of the last few of `values[start:stop]` from their mean, NaN where empty."""
    window = last_values(values, start, stop, RECENT_PURCHASES)
    counted = np.maximum((~np.isnan(window)).sum(axis=1), 1)
    mean = np.nansum(window, axis=1) / counted
    spread = np.nansum(np.abs(window - mean[:, None]), axis=1) / counted
    return np.where(np.isnan(window).all(axis=1), np.nan, spread)
