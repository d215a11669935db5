"""How many clients bought each product lately: over all, and within each segment."""

import numpy as np

from recommender.engine.history import OrderHistory

WINDOW_DAYS = 90


def recent_buyers(history: OrderHistory, as_of: float, segment: np.ndarray, segments: int) -> tuple:
    """Clients that bought each product in the WINDOW_DAYS before `as_of`.

    Args:
        segment: (C,) int, the segment code of each client, -1 where it has none.

    Returns:
        (buyers, clients): (segments + 1, P) int32 and (segments + 1,) int32; the last row counts all
        clients. Where nothing was bought in the window the whole history is counted.
    """
    recent = history.where(history.order_day >= popular_since(history, as_of))
    products = len(history.products)
    pairs = np.unique(recent.line_client.astype(np.int64) * products + recent.line_product)
    client, product = np.divmod(pairs, products) if products else (pairs, pairs)
    group = np.where(segment < 0, segments, segment)
    buyers = np.zeros((segments + 1, products), np.int32)
    np.add.at(buyers, (group[client], product), 1)
    buyers[-1] = np.bincount(product, minlength=products)
    clients = np.bincount(group[np.unique(recent.order_client)], minlength=segments + 1).astype(np.int32)
    clients[-1] = len(np.unique(recent.order_client))
    return buyers, clients


def popular_since(history: OrderHistory, as_of: float) -> float:
    """The first day that counts: WINDOW_DAYS before `as_of`, or the first of all where nothing was bought since."""
    start = as_of - WINDOW_DAYS
    return start if (history.order_day >= start).any() or not len(history.order_day) else history.order_day.min()
