"""Features of what a client bought before: how often, how lately, and how regularly.

Calendar time beside order counts follows TAIW (Romanov et al., RecSys 2023); streaks and the share of
orders since the first purchase follow the write-ups of the Instacart competition (2017).
"""

import numpy as np

from recommender.engine.clock import SHORTEST_GAP, OrderClock, spread_of_last
from recommender.engine.history import OrderHistory
from recommender.engine.purchases import Purchases

DECAYS = (0.95, 0.85, 0.6)  # weight of an order against the one after it
WINDOW_DAYS = (14, 28, 91, 364)
HALF_LIFE_DAYS = 45

PERSONAL = (
    "orders with it",
    "share of orders",
    "share of orders since the first",
    *(f"share of orders, decay {decay}" for decay in DECAYS),
    "share of orders, half-life",
    *(f"share of orders of {days} days" for days in WINDOW_DAYS),
    "days since",
    "orders since",
    "days since the first",
    "gap",
    "last gap",
    "spread of gaps",
    "phase",
    "days to go",
    "order gap",
    "order phase",
    "streak",
    "units, last against usual",
)


def personal_features(history: OrderHistory, clock: OrderClock, purchases: Purchases) -> np.ndarray:
    """(R, len(PERSONAL)) float32, a row of `purchases` each; NaN where a product was bought once and a gap is asked."""
    line_order = history.line_order[purchases.line]
    age, after = clock.age_days[line_order], clock.orders_after[line_order]
    last = purchases.stop - 1
    orders = purchases.orders.astype(float)
    since, ago = age[last], after[last]
    since_first = after[purchases.start] + 1
    gap = purchases.gap_days
    order_gap = np.where(orders > 1, (since_first - 1 - ago) / np.maximum(orders - 1, 1), np.nan)
    gaps_of_days = np.r_[0.0, -np.diff(age)]
    columns = [
        orders,
        orders / purchases.client_orders,
        orders / np.maximum(since_first, 1),
        *(share(purchases, history, decay**after, decay**clock.orders_after) for decay in DECAYS),
        share(purchases, history, 0.5 ** (age / HALF_LIFE_DAYS), 0.5 ** (clock.age_days / HALF_LIFE_DAYS)),
        *(share(purchases, history, age <= days, clock.age_days <= days) for days in WINDOW_DAYS),
        since,
        ago,
        age[purchases.start],
        gap,
        np.where(orders > 1, gaps_of_days[last], np.nan),
        spread_of_last(gaps_of_days, purchases.start + 1, purchases.stop),
        since / np.maximum(gap, SHORTEST_GAP),
        gap - since,
        order_gap,
        (ago + 1) / np.maximum(order_gap, SHORTEST_GAP),
        streak(purchases, after),
        np.log(np.maximum(history.line_quantity[purchases.line][last], 1e-3) / np.maximum(purchases.quantity, 1e-3)),
    ]
    return np.column_stack(columns).astype(np.float32)


def share(purchases: Purchases, history: OrderHistory, of_lines: np.ndarray, of_orders: np.ndarray) -> np.ndarray:
    """(R,) weight of the orders with the product over that of all the client's orders, 0 where that is nothing."""
    total = np.bincount(history.order_client, of_orders, minlength=purchases.clients)[purchases.client]
    return np.divide(purchases.sums(of_lines), total, out=np.zeros(len(total)), where=total > 1e-12)


def streak(purchases: Purchases, orders_after: np.ndarray) -> np.ndarray:
    """(R,) how many of the client's latest orders in a row hold the product.

    The k-th purchase from the last has at least k orders after it; as many as in an unbroken run.
    """
    rows = np.repeat(np.arange(len(purchases.start)), purchases.stop - purchases.start)
    from_last = purchases.stop[rows] - 1 - np.arange(len(rows))
    return purchases.sums(orders_after == from_last)
