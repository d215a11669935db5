"""Recency, frequency and money of clients, each on a scale of five (Hughes, "Strategic Database Marketing", 1994)."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.history import OrderHistory

WINDOW_DAYS = 365  # so that every season counts once
QUINTILES = (0.2, 0.4, 0.6, 0.8)
BEST = len(QUINTILES) + 1
DECIMALS = 6  # a client that lies on an edge is not to be moved by the last bit


@dataclass(frozen=True, slots=True)
class Rfm:
    """Of C clients; NaN in `days_since` for one without an order, in `amount` where no price is known.

    days_since  (C,) float64  since the last order
    orders      (C,) int64    within WINDOW_DAYS
    amount      (C,) float64  money of the priced lines within WINDOW_DAYS
    """

    days_since: np.ndarray
    orders: np.ndarray
    amount: np.ndarray


def rfm_of(history: OrderHistory, as_of: float) -> Rfm:
    """The figures of every client of `history`, which ends before day `as_of`."""
    clients = len(history.clients)
    last = np.full(clients, np.nan)
    last[history.order_client] = history.order_day  # ascending within a client: the last one stays
    recent = history.order_day >= as_of - WINDOW_DAYS
    priced = recent[history.line_order] & ~np.isnan(history.line_price)
    amount = np.bincount(
        history.line_client[priced], (history.line_quantity * history.line_price)[priced], minlength=clients
    )
    known = np.bincount(history.line_client[priced], minlength=clients) > 0
    return Rfm(
        days_since=as_of - last,
        orders=np.bincount(history.order_client[recent], minlength=clients),
        amount=np.where(known, amount, np.nan),
    )


def quintile_edges(figures: Rfm) -> dict[str, list[float]]:
    """The four edges between the fifths of the clients with an order, for each figure; none where none is known."""
    ordered = ~np.isnan(figures.days_since)
    amount = figures.amount[~np.isnan(figures.amount)]
    return {
        "daysSince": edges(figures.days_since[ordered]),
        "orders": edges(figures.orders[ordered].astype(float)),
        "amount": edges(amount),
    }


def edges(values: np.ndarray) -> list[float]:
    return np.quantile(values, QUINTILES).round(DECIMALS).tolist() if len(values) else []


def fifth(value: float, edges: list[float]) -> int:
    """1 to 5: 1 plus the edges below `value`, and half of those that it is equal to, rounded down.

    What many clients have in common lies on several edges and is in the middle of the fifths that it fills.
    """
    value = round(value, DECIMALS)
    return 1 + sum(edge < value for edge in edges) + sum(edge == value for edge in edges) // 2
