"""What collaborative filtering points each client of a batch to: one score a client and product."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recommender.engine.clock import OrderClock
from recommender.engine.collaborative import fold_in
from recommender.engine.history import OrderHistory
from recommender.engine.knowledge import Knowledge
from recommender.engine.neighbours import nearest, unit_length, vectors_of
from recommender.engine.purchases import Purchases

LATE_ORDERS = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """N clients' purchases of the products that a model knows.

    bought  (N, P) csr float32  log(1 + orders that hold the product), as in training
    late    (N, P) csr float32  1 for what the last few orders hold
    taste   (N, P) csr float32  decayed shares of orders
    own     (N,) int            position among the clients to compare with, -1 for none
    popular (N, P) is made by `Knowledge.popularity` from segment and chain, (N,) int codes
    """

    bought: sparse.csr_matrix
    late: sparse.csr_matrix
    taste: sparse.csr_matrix
    own: np.ndarray
    segment: np.ndarray
    chain: np.ndarray

    def part(self, rows: slice) -> "Batch":
        return Batch(
            self.bought[rows], self.late[rows], self.taste[rows], self.own[rows], self.segment[rows], self.chain[rows]
        )


def batch_of(
    history: OrderHistory,
    clock: OrderClock,
    purchases: Purchases,
    knowledge: Knowledge,
    segment: np.ndarray,
    chain: np.ndarray,
) -> Batch:
    known, clients = len(knowledge.products), purchases.clients
    width = max(known, len(history.products))
    indptr = np.searchsorted(purchases.client, np.arange(clients + 1))
    ago = clock.orders_after[history.line_order[purchases.line[purchases.stop - 1]]]

    def matrix(values: np.ndarray) -> sparse.csr_matrix:
        full = sparse.csr_matrix((values.astype(np.float32), purchases.product, indptr), shape=(clients, width))
        return full[:, :known]

    late = matrix(ago < LATE_ORDERS)
    late.eliminate_zeros()
    position = np.searchsorted(knowledge.compared, history.clients)
    position = np.minimum(position, max(len(knowledge.compared) - 1, 0))
    same = knowledge.compared[position] == history.clients if len(knowledge.compared) else np.zeros(clients, bool)
    return Batch(
        bought=matrix(np.log1p(purchases.orders)),
        late=late,
        taste=vectors_of(history, clock, purchases, knowledge.taste.decay, width)[:, :known],
        own=np.where(same, position, -1),
        segment=segment,
        chain=chain,
    )


POINTERS = ("neighbours", "item-item", "item-item of late orders", "companions of late orders", "factors", "popularity")


def points_to(batch: Batch, knowledge: Knowledge) -> np.ndarray:
    """(len(POINTERS), N, P) float32, rounded so that what differs by machine is gone; 0 where nothing points.

    Each row is worked on alone, so that a client gets the same bytes in any batch.
    """
    scores = [
        (neighbour_weights(batch, knowledge) @ knowledge.tastes).toarray(),
        (batch.bought @ knowledge.similarity).toarray(),
        (batch.late @ knowledge.similarity).toarray(),
        (batch.late @ knowledge.companions).toarray(),
        factor_scores(batch.bought, knowledge),
        knowledge.popularity(batch.segment, batch.chain),
    ]
    return np.stack(scores).astype(np.float32).round(6)


def neighbour_weights(batch: Batch, knowledge: Knowledge) -> sparse.csr_matrix:
    """(N, U) csr float32: the weight of each client to compare with; a client is no neighbour of its own."""
    similarity = (unit_length(batch.taste) @ knowledge.alike).toarray().round(5)
    known = np.flatnonzero(batch.own >= 0)
    similarity[known, batch.own[known]] = 0
    return nearest(similarity, knowledge.taste.neighbours)


def factor_scores(bought: sparse.csr_matrix, knowledge: Knowledge) -> np.ndarray:
    scores = np.zeros(bought.shape, np.float32)
    for row in range(bought.shape[0]):
        mine = slice(*bought.indptr[row : row + 2])
        if mine.start < mine.stop:
            folded = fold_in(knowledge.factors, knowledge.gram, bought.indices[mine], bought.data[mine])
            scores[row] = knowledge.factors @ folded
    return scores
