"""What collaborative filtering points each client of a batch to: one score a client and product."""

from dataclasses import dataclass, fields

import numpy as np
from scipy import sparse

from recommender.engine.clock import OrderClock
from recommender.engine.collaborative import fold_in
from recommender.engine.history import OrderHistory
from recommender.engine.knowledge import Knowledge
from recommender.engine.neighbours import nearest, similarity_to, vectors_of
from recommender.engine.purchases import Purchases

LATE_ORDERS = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """N clients' purchases of the products that a model knows.

    bought  (N, P) csr float32  log(1 + orders that hold the product), as in training
    late    (N, P) csr float32  1 for what the last few orders hold
    taste   (N, P) csr float32  decayed shares of orders
    clients (N,) str            external ids
    segment, chain  (N,) int    codes, -1 for none
    """

    bought: sparse.csr_matrix
    late: sparse.csr_matrix
    taste: sparse.csr_matrix
    clients: np.ndarray
    segment: np.ndarray
    chain: np.ndarray

    def part(self, rows: slice) -> "Batch":
        return Batch(*(getattr(self, field.name)[rows] for field in fields(self)))


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
    return Batch(
        bought=matrix(np.log1p(purchases.orders)),
        late=late,
        taste=vectors_of(history, clock, purchases, knowledge.comparing.decay, width)[:, :known],
        clients=history.clients,
        segment=segment,
        chain=chain,
    )


@dataclass(frozen=True, slots=True)
class Pointed:
    """One row (R) a client and product, sorted by client, then product.

    client, product  (R,) int32                   position in the batch, product code
    scores           (R, len(POINTERS)) float32
    """

    client: np.ndarray
    product: np.ndarray
    scores: np.ndarray

    @classmethod
    def together(cls, parts: list["Pointed"]) -> "Pointed":
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


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
    similarity = similarity_to(batch.taste, knowledge.alike, knowledge.compared, batch.clients)
    return nearest(similarity, knowledge.comparing.neighbours)


def factor_scores(bought: sparse.csr_matrix, knowledge: Knowledge) -> np.ndarray:
    scores = np.zeros(bought.shape, np.float32)
    for row in range(bought.shape[0]):
        mine = slice(*bought.indptr[row : row + 2])
        if mine.start < mine.stop:
            folded = fold_in(knowledge.factors, knowledge.gram, bought.indices[mine], bought.data[mine])
            scores[row] = knowledge.factors @ folded
    return scores
