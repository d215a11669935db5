"""What each client did with each product it bought: the figures behind scores, quantities and reasons."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.history import OrderHistory

RECENT_DECAY = 0.85  # weight of an order against the one after it
RECENT_PURCHASES = 5  # quantities and gaps are judged by the last few: tastes drift


@dataclass(frozen=True, slots=True)
class Purchases:
    """One row (R) a client and product bought, sorted by client, then product.

    clients              int           clients of the history, those without an order too
    client, product      (R,) int32    codes
    orders               (R,) int32    orders that hold the product
    client_orders        (R,) int32    orders of the client
    decayed_share        (R,) float64  0..1, share of orders with the product, later ones weighing more
    first_day, last_day  (R,) float64  days since 1970-01-01 UTC
    gap_days             (R,) float64  median days between purchases, NaN after a single one
    quantity             (R,) float64  median units of the last purchases
    price                (R,) float64  last unit price known, NaN where none is
    """

    clients: int
    client: np.ndarray
    product: np.ndarray
    orders: np.ndarray
    client_orders: np.ndarray
    decayed_share: np.ndarray
    first_day: np.ndarray
    last_day: np.ndarray
    gap_days: np.ndarray
    quantity: np.ndarray
    price: np.ndarray


def purchases_of(history: OrderHistory) -> Purchases:
    """The purchases of every client of `history`; the history's end is the moment of judgement."""
    line_client = history.line_client
    line_day = history.line_day
    key = line_client.astype(np.int64) * len(history.products) + history.line_product
    by_key = np.lexsort((history.line_order, key))
    key, day = key[by_key], line_day[by_key]
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]][: len(key)])
    ends = np.r_[starts[1:], len(key)].astype(np.int64)[: len(starts)]
    client = line_client[by_key][starts]
    client_orders = np.bincount(history.order_client, minlength=len(history.clients))
    weight, total_weight = order_weights(history, client_orders)
    return Purchases(
        clients=len(history.clients),
        client=client.astype(np.int32),
        product=history.line_product[by_key][starts],
        orders=(ends - starts).astype(np.int32),
        client_orders=client_orders[client].astype(np.int32),
        decayed_share=sums(weight[history.line_order[by_key]], starts) / total_weight[client],
        first_day=day[starts],
        last_day=day[ends - 1],
        gap_days=medians_of_last(np.diff(day, prepend=0.0), starts + 1, ends),
        quantity=medians_of_last(history.line_quantity[by_key], starts, ends),
        price=last_known(history.line_price[by_key], starts, ends),
    )


def order_weights(history: OrderHistory, client_orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """((O,), (C,)): the weight of each order, 1 for a client's last, and the client's total."""
    orders_up_to = np.cumsum(client_orders)
    orders_after = orders_up_to[history.order_client] - 1 - np.arange(len(history.order_client))
    weight = RECENT_DECAY**orders_after
    return weight, np.bincount(history.order_client, weight, minlength=len(history.clients))


def sums(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    return np.add.reduceat(values, starts) if len(starts) else np.zeros(0)


def medians_of_last(values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(R,) the median of the last RECENT_PURCHASES of `values[start:end]`, NaN where that is empty."""
    positions = ends[:, None] - 1 - np.arange(RECENT_PURCHASES)
    inside = positions >= starts[:, None]
    window = np.where(inside, values[np.where(inside, positions, 0)], np.nan) if len(values) else positions * np.nan
    window.sort(axis=1)  # NaN goes last
    counted = inside.sum(axis=1)
    rows = np.arange(len(window))
    middle = (window[rows, np.maximum(counted - 1, 0) // 2] + window[rows, counted // 2 % RECENT_PURCHASES]) / 2
    return np.where(counted > 0, middle, np.nan)


def last_known(values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(R,) the last value of `values[start:end]` that is not NaN, NaN where all are."""
    known = np.where(np.isnan(values), -1, np.arange(len(values)))
    latest = np.maximum.accumulate(known) if len(known) else known
    position = latest[ends - 1] if len(ends) else latest[:0]
    return np.where(position >= starts, values[np.maximum(position, 0)] if len(values) else np.nan, np.nan)
