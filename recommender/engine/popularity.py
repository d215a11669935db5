"""How many clients bought each product lately: over all, within each segment, within each chain."""

import numpy as np
from scipy import sparse

from recommender.engine.history import OrderHistory, pair_codes

WINDOW_DAYS = 90


def recent_buyers(history: OrderHistory, as_of: float, group: np.ndarray, groups: int) -> tuple:
    """Clients that bought each product in the WINDOW_DAYS before `as_of`.

    Args:
        group: (C,) int, the code of each client's group, -1 where it has none.

    Returns:
        (buyers, clients): (groups + 1, P) int32 csr and (groups + 1,) int32; the last row counts all
        clients. Where nothing was bought in the window the whole history is counted.
    """
    recent = history.where(history.order_day >= popular_since(history, as_of))
    products = len(history.products)
    pairs = np.unique(pair_codes(recent.line_client, recent.line_product, products))
    client, product = np.divmod(pairs, products) if products else (pairs, pairs)
    active = np.unique(recent.order_client)
    row, active_row = group[client], group[active]
    buyers = sparse.csr_matrix(
        (
            np.ones(len(pairs) + int((row >= 0).sum()), np.int32),
            (np.r_[row[row >= 0], np.full(len(pairs), groups)], np.r_[product[row >= 0], product]),
        ),
        shape=(groups + 1, products),
    )
    clients = np.bincount(active_row[active_row >= 0], minlength=groups + 1).astype(np.int32)
    clients[-1] = len(active)
    return buyers, clients


def popular_since(history: OrderHistory, as_of: float) -> float:
    """The first day that counts: WINDOW_DAYS before `as_of`, or the first of all where nothing was bought since."""
    start = as_of - WINDOW_DAYS
    return start if (history.order_day >= start).any() or not len(history.order_day) else history.order_day.min()


def share_of_group(
    buyers: sparse.csr_matrix, clients: np.ndarray, group: np.ndarray, towards: np.ndarray, prior: float
) -> np.ndarray:
    """(N, P) float64: share of the clients of each of N groups that bought it lately, drawn to `towards`.

    Args:
        group: (N,) int, -1 for none: `towards` then.
        towards: (N, P) or (P,) float64, what is believed of a group of no clients.
        prior: clients' worth of that belief.
    """
    named = group >= 0
    counts = np.zeros((len(group), buyers.shape[1]))
    counts[named] = buyers[group[named]].toarray()
    of = np.where(named, clients[group], 0)[:, None]
    return (counts + prior * towards) / (of + prior)
