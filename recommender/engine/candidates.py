"""The products worth judging for a client, with the figures they are judged by."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.collaborative import fold_in, purchase_matrix
from recommender.engine.history import OrderHistory
from recommender.engine.knowledge import Knowledge
from recommender.engine.purchases import Purchases, purchases_of

FROM_NEIGHBOURS = 100
FROM_FACTORS = 100
FROM_POPULAR = 60


@dataclass(frozen=True, slots=True)
class Candidates:
    """One row (R) a client and product, sorted by client, then product.

    client      (R,) int32    position in the batch
    product     (R,) int32    product code of the batch
    purchase    (R,) int32    row of `purchases`, -1 for a product the client never bought
    neighbours  (R,) float32  item-item score: similarity to what the client buys, summed up
    goes_with   (R,) int32    the product of the client's own that adds most to it, -1 for none
    factors     (R,) float32  ALS score
    popularity  (R,) float64  share of the segment's clients that bought it lately
    """

    client: np.ndarray
    product: np.ndarray
    purchase: np.ndarray
    neighbours: np.ndarray
    goes_with: np.ndarray
    factors: np.ndarray
    popularity: np.ndarray
    purchases: Purchases

    @property
    def is_new(self) -> np.ndarray:
        """(R,) bool: never bought by the client."""
        return self.purchase < 0


def candidates_of(history: OrderHistory, segment: np.ndarray, knowledge: Knowledge) -> Candidates:
    """Everything the clients bought, and what their neighbours, factors and segment point to.

    Each client is worked on alone, so that a batch and a single call agree to the byte.

    Args:
        history: the batch's, over a catalogue that begins with the model's products and may go on.
        segment: (C,) int, segment code of each client in the model, -1 for none.
    """
    purchases = purchases_of(history)
    known = len(knowledge.products)
    bought = purchase_matrix(purchases, len(history.clients), max(known, len(history.products)))
    popular = knowledge.popularity()
    first_row = np.searchsorted(purchases.client, np.arange(len(history.clients) + 1))
    parts = [
        candidates_of_one(
            client, bought.getrow(client), purchases.product[slice(*first_row[client : client + 2])],
            int(first_row[client]), popular[segment[client]], knowledge,
        )
        for client in range(len(history.clients))
    ]  # fmt: skip
    return Candidates(*(np.concatenate(columns) for columns in zip(*parts, strict=True)), purchases)


def candidates_of_one(client, bought, own, first_row, popular, knowledge: Knowledge) -> tuple[np.ndarray, ...]:
    known = len(knowledge.products)
    seen = bought.indices < known
    mine, weights = bought.indices[seen], bought.data[seen]
    by_neighbours, goes_with = neighbour_scores(mine, weights, knowledge)
    by_factors = np.zeros(known, np.float32)
    if len(mine):
        by_factors = knowledge.factors @ fold_in(knowledge.factors, knowledge.gram, mine, weights)
    fresh = np.ones(known, bool)
    fresh[own[own < known]] = False
    new = np.union1d(
        np.union1d(best(by_neighbours, fresh, FROM_NEIGHBOURS), best(popular, fresh, FROM_POPULAR)),
        best(by_factors, fresh, FROM_FACTORS),
    )
    product = np.r_[own, new].astype(np.int32)
    purchase = np.r_[first_row + np.arange(len(own)), np.full(len(new), -1)].astype(np.int32)
    order = np.argsort(product, kind="stable")
    product, purchase = product[order], purchase[order]
    inside = product < known
    at = np.where(inside, product, 0)
    return (
        np.full(len(product), client, np.int32),
        product,
        purchase,
        np.where(inside, by_neighbours[at], 0).round(5).astype(np.float32),
        np.where(inside, goes_with[at], -1).astype(np.int32),
        np.where(inside, by_factors[at], 0).round(5).astype(np.float32),
        np.where(inside, popular[at], 0.0),
    )


def neighbour_scores(mine: np.ndarray, weights: np.ndarray, knowledge: Knowledge) -> tuple[np.ndarray, np.ndarray]:
    """((P,) float32, (P,) int32): the sum of similarities to `mine`, and the one that gave most."""
    rows = knowledge.similarity[mine]
    contribution = rows.data * np.repeat(weights, np.diff(rows.indptr))
    source = np.repeat(mine, np.diff(rows.indptr))
    score = np.bincount(rows.indices, contribution, minlength=len(knowledge.products))
    goes_with = np.full(len(knowledge.products), -1, np.int32)
    # The largest is written last; of equals the product with the smaller id.
    order = np.lexsort((-source, contribution))
    goes_with[rows.indices[order]] = source[order]
    return score.astype(np.float32), goes_with


def best(score: np.ndarray, allowed: np.ndarray, count: int) -> np.ndarray:
    """Codes of the `count` allowed products with the highest score above zero; ties go by code."""
    codes = np.flatnonzero(allowed & (score > 0))
    return codes[np.argsort(-score[codes].round(5), kind="stable")[:count]]
