"""What any suggestion has to beat: counting."""

import numpy as np

from recommender.engine.history import OrderHistory
from recommender.engine.purchases import Purchases


def global_top(history: OrderHistory) -> np.ndarray:
    """G-TopFreq: product codes by the number of orders that hold them, most first; ties go by code."""
    orders = np.bincount(history.line_product, minlength=len(history.products))
    return np.argsort(-orders, kind="stable")


def personal_top(purchases: Purchases, clients: int, popular: np.ndarray, k: int) -> list[np.ndarray]:
    """GP-TopFreq: per client the own products by count, ties and the rest by popularity.

    Args:
        popular: (P,) product codes, the most popular first.
    """
    rank = np.argsort(popular)
    order = np.lexsort((rank[purchases.product], -purchases.orders, purchases.client))
    first = np.searchsorted(purchases.client, np.arange(clients + 1))
    lists = []
    for client in range(clients):
        own = purchases.product[order[first[client] : first[client + 1]]][:k]
        rest = popular[: k + len(own)]
        lists.append(np.r_[own, rest[~np.isin(rest, own)]][:k])
    return lists


def popular_new(purchases: Purchases, clients: int, popular: np.ndarray, k: int) -> list[np.ndarray]:
    """G-TopFreq of what is new to each client: the most popular products that it never bought."""
    first = np.searchsorted(purchases.client, np.arange(clients + 1))
    lists = []
    for client in range(clients):
        own = purchases.product[first[client] : first[client + 1]]
        candidates = popular[: k + len(own)]
        lists.append(candidates[~np.isin(candidates, own)][:k])
    return lists
