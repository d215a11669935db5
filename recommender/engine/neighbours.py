"""Clients alike: what their orders hold, by TIFU-KNN (Hu et al., SIGIR 2020).

A client's vector is the share of its orders with each product, later orders weighing more. The paper
weighs in two steps, within groups of orders and between them; one rate of decay per order says nearly
the same with two parameters fewer.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recommender.engine.best import best_of
from recommender.engine.clock import OrderClock
from recommender.engine.history import OrderHistory, positions_in
from recommender.engine.purchases import Purchases
from recommender.engine.questions import drawn

AT_MOST = 20_000  # clients to compare with; more make no better neighbours, only slower ones


@dataclass(frozen=True, slots=True)
class Comparing:
    """How to compare clients; chosen by validation inside training.

    decay       weight of an order against the one after it
    neighbours  how many of the most similar clients count
    own         0..1, weight of the client's own vector against the mean of its neighbours
    """

    decay: float = 0.9
    neighbours: int = 200
    own: float = 0.8


def vectors_of(
    history: OrderHistory, clock: OrderClock, purchases: Purchases, decay: float, products: int
) -> sparse.csr_matrix:
    """(C, products) float32: each client's decayed share of orders with each product."""
    weight = decay**clock.orders_after
    total = np.bincount(history.order_client, weight, minlength=purchases.clients)
    value = purchases.sums(weight[history.line_order[purchases.line]]) / total[purchases.client]
    indptr = np.searchsorted(purchases.client, np.arange(purchases.clients + 1))
    return sparse.csr_matrix(
        (value.astype(np.float32), purchases.product.astype(np.int32), indptr), shape=(purchases.clients, products)
    )


def unit_length(vectors: sparse.csr_matrix) -> sparse.csr_matrix:
    """The rows divided by their Euclidean length."""
    length = np.sqrt(np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel())
    scaled = vectors.copy()
    scaled.data = (vectors.data / np.repeat(np.maximum(length, 1e-12), np.diff(vectors.indptr))).astype(np.float32)
    return scaled


def compared_clients(orders: np.ndarray, seed: int) -> np.ndarray:
    """Positions of the clients to compare with: those with orders ((C,) int), at most AT_MOST, drawn by `seed`."""
    return drawn(np.flatnonzero(orders), AT_MOST, np.random.default_rng(seed))


def similarity_to(
    vectors: sparse.csr_matrix, alike: sparse.csr_matrix, compared: np.ndarray, clients: np.ndarray
) -> np.ndarray:
    """(N, U) float32, cosine of each client with each client to compare with; 0 with itself.

    Args:
        vectors: (N, P) of the clients named `clients` ((N,) str).
        alike: (P, U), the vectors at unit length, transposed, of those named `compared` ((U,) str, sorted).
    """
    similarity = (unit_length(vectors) @ alike).toarray().round(5)
    position = positions_in(compared, clients)
    itself = np.flatnonzero(position >= 0)
    similarity[itself, position[itself]] = 0
    return similarity


def nearest(similarity: np.ndarray, count: int) -> sparse.csr_matrix:
    """(C, U) float32 with 1 / count at each row's `count` most similar columns, as far as similar at all.

    Args:
        similarity: (C, U) float32, 0 or more; a client's own column is 0.
    """
    alike = best_of(similarity, count) & (similarity > 0)
    found = alike.sum(axis=1)
    weight = np.repeat(1 / np.maximum(found, 1), found).astype(np.float32)
    return sparse.csr_matrix((weight, np.nonzero(alike)[1], np.r_[0, np.cumsum(found)]), shape=similarity.shape)
