"""The products worth judging for a client, with the figures they are judged by."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.client_features import CLIENT, client_features
from recommender.engine.clock import clock_of
from recommender.engine.groups import Attributes, codes_in
from recommender.engine.history import OrderHistory
from recommender.engine.knowledge import Knowledge
from recommender.engine.personal_features import PERSONAL, personal_features
from recommender.engine.pointers import POINTERS, Batch, batch_of, points_to
from recommender.engine.product_features import LASTING, PRODUCT, late_features
from recommender.engine.purchases import Purchases, purchases_of

NEW_BY_POINTER = 40
CELLS = 8_000_000  # clients x products worked on at once; bounds the memory

RANKS = tuple(f"rank by {name}" for name in POINTERS)
BLEND = ("own and neighbours", "rank by own and neighbours")
FEATURES = (*POINTERS, *RANKS, *BLEND, *PRODUCT, *CLIENT, *PERSONAL)


@dataclass(frozen=True, slots=True)
class Candidates:
    """One row (R) a client and product, sorted by client, then product.

    client    (R,) int32    position in the batch
    product   (R,) int32    product code of the batch
    purchase  (R,) int32    row of `purchases`, -1 for a product the client never bought
    features  (R, len(FEATURES)) float32, NaN for what is not known
    """

    client: np.ndarray
    product: np.ndarray
    purchase: np.ndarray
    features: np.ndarray
    purchases: Purchases

    @property
    def is_new(self) -> np.ndarray:
        """(R,) bool: never bought by the client."""
        return self.purchase < 0

    def column(self, name: str) -> np.ndarray:
        return self.features[:, FEATURES.index(name)]


def candidates_of(
    history: OrderHistory, now: np.ndarray, attributes: Attributes, knowledge: Knowledge, sales_until: np.ndarray
) -> Candidates:
    """Everything the clients bought, and the best of what each pointer points to.

    Args:
        history: the batch's, over a catalogue that begins with the model's products and may go on.
        now: (C,) float64, days since 1970-01-01 UTC.
        sales_until: (C,) float64, the day up to which it may be known how products sell; `now` at most.
    """
    purchases, clock = purchases_of(history), clock_of(history, now)
    segment, chain = codes_in(attributes.segment, knowledge.segments), codes_in(attributes.chain, knowledge.chains)
    batch = batch_of(history, clock, purchases, knowledge, segment, chain)
    step = max(1, CELLS // max(len(knowledge.products), 1))
    parts = [
        pointed_to(batch.part(slice(first, first + step)), knowledge, first)
        for first in range(0, max(purchases.clients, 1), step)
    ]
    client, product, pointers = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    width = max(len(knowledge.products), len(history.products), 1)
    client, product, pointers = with_unknown(client, product, pointers, purchases, len(knowledge.products), width)
    own_key = purchases.client.astype(np.int64) * width + purchases.product
    key = client.astype(np.int64) * width + product
    at = np.searchsorted(own_key, key).clip(max=max(len(own_key) - 1, 0))
    found = own_key[at] == key if len(own_key) else np.zeros(len(key), bool)
    purchase = np.where(found, at, -1).astype(np.int32)
    personal = np.full((len(key), len(PERSONAL)), np.nan, np.float32)
    personal[found] = personal_features(history, clock, purchases)[at[found]]
    figures = np.full((len(key), len(PRODUCT)), np.nan, np.float32)
    inside = product < len(knowledge.products)
    figures[inside, : len(LASTING)] = knowledge.lasting[product[inside]]
    figures[inside, len(LASTING) :] = late_features(knowledge.sales, product[inside], sales_until[client[inside]])
    taste = np.zeros(len(key), np.float32)
    taste[found] = batch_taste(batch, client[found], product[found], len(knowledge.products))
    blend = knowledge.taste.own * taste + (1 - knowledge.taste.own) * pointers[:, POINTERS.index("neighbours")]
    ranked = [ranks_within(client, ~found, column) for column in (*pointers.T, blend)]
    features = np.column_stack(
        [
            pointers,
            *ranked[:-1],
            blend,
            ranked[-1],
            figures,
            client_features(history, clock, purchases)[client],
            personal,
        ]
    )
    return Candidates(client, product, purchase, features.astype(np.float32), purchases)


def pointed_to(batch: Batch, knowledge: Knowledge, first: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """((R,) client, counted from `first`, (R,) product, (R, len(POINTERS)) scores): own and the best of the new."""
    scores = points_to(batch, knowledge)
    own = np.zeros(scores.shape[1:], bool)
    own[np.repeat(np.arange(own.shape[0]), np.diff(batch.bought.indptr)), batch.bought.indices] = True
    chosen = own.copy()
    count = min(NEW_BY_POINTER, own.shape[1])
    for score in scores if count else ():
        among_new = np.where(own, 0, score)
        best = np.argpartition(-among_new, count - 1, axis=1)[:, :count]
        np.put_along_axis(
            chosen, best, np.take_along_axis(chosen, best, 1) | (np.take_along_axis(among_new, best, 1) > 0), 1
        )
    client, product = np.nonzero(chosen)
    return (client + first).astype(np.int32), product.astype(np.int32), scores[:, client, product].T


def with_unknown(client, product, pointers, purchases: Purchases, known: int, width: int):
    """The same with what clients bought that the model does not know, and nothing points to."""
    unknown = purchases.product >= known
    if not unknown.any():
        return client, product, pointers
    client = np.r_[client, purchases.client[unknown]]
    product = np.r_[product, purchases.product[unknown]]
    pointers = np.r_[pointers, np.zeros((unknown.sum(), pointers.shape[1]), pointers.dtype)]
    order = np.argsort(client.astype(np.int64) * width + product)
    return client[order], product[order], pointers[order]


def batch_taste(batch: Batch, client: np.ndarray, product: np.ndarray, known: int) -> np.ndarray:
    """(R,) float32, the client's own vector at known products; 0 at others."""
    inside = product < known
    values = np.zeros(len(client), np.float32)
    if inside.any():
        values[inside] = np.asarray(batch.taste[client[inside], product[inside]]).ravel()
    return values


def ranks_within(client: np.ndarray, is_new: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(R,) the place of each row by `score` among its client's own, or new, products; 0 is the highest."""
    group = client.astype(np.int64) * 2 + is_new
    order = np.lexsort((-score, group))
    start = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0][: len(order)])
    rank = np.empty(len(order), np.float32)
    rank[order] = np.arange(len(order)) - np.repeat(start, np.diff(np.r_[start, len(order)]))
    return rank
