"""Features of the client as such: how often it orders, how much, and how much of that is new to it."""

import numpy as np

from recommender.engine.clock import SHORTEST_GAP, OrderClock, spread_of_last
from recommender.engine.history import OrderHistory
from recommender.engine.purchases import Purchases

RECENT_ORDERS = 5

CLIENT = (
    "client's orders",
    "client's products",
    "lines of an order",
    "lines of late orders",
    "share of lines new to the client",
    "new lines of late orders",
    "days since an order",
    "client's gap",
    "client's phase",
    "spread of the client's gaps",
    "days as a client",
)


def client_features(history: OrderHistory, clock: OrderClock, purchases: Purchases) -> np.ndarray:
    """(C, len(CLIENT)) float32; NaN where a client has too few orders to tell."""
    clients, orders = purchases.clients, clock.orders
    lines = np.bincount(history.line_order, minlength=len(history.order_day))
    first_lines = purchases.line[purchases.start]
    new_lines = np.bincount(history.line_order[first_lines], minlength=len(history.order_day))
    # A client's very first order is new altogether, which tells nothing of how curious it is.
    later = np.arange(len(lines)) != clock.first[history.order_client] if len(lines) else np.zeros(0, bool)
    recent = clock.orders_after < RECENT_ORDERS
    has = orders > 0
    last = np.where(has, clock.stop - 1, 0)
    since = np.where(has, clock.age_days[last] if len(lines) else 0.0, np.nan)
    oldest = np.where(has, clock.age_days[np.where(has, clock.first, 0)] if len(lines) else 0.0, np.nan)
    gap = clock.gap_days

    def per_order(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        owner = history.order_client[chosen]
        counted = np.bincount(owner, minlength=clients)
        total = np.bincount(owner, values[chosen], minlength=clients)
        return np.divide(total, counted, out=np.full(clients, np.nan), where=counted > 0)

    return np.column_stack(
        [
            orders,
            np.bincount(purchases.client, minlength=clients),
            per_order(lines, np.ones(len(lines), bool)),
            per_order(lines, recent),
            per_order(new_lines / np.maximum(lines, 1), later),
            per_order(new_lines, later & recent),
            since,
            gap,
            since / np.maximum(gap, SHORTEST_GAP),
            spread_of_last(np.diff(history.order_day, prepend=0.0), clock.first + 1, clock.stop),
            oldest,
        ]
    ).astype(np.float32)
