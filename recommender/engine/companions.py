"""Which of a client's own products points most to one it never bought."""

import numpy as np

from recommender.engine.candidates import Candidates
from recommender.engine.knowledge import Knowledge
from recommender.engine.purchases import Purchases


def strongest_companions(candidates: Candidates, knowledge: Knowledge) -> np.ndarray:
    """(R,) int32 product codes, -1 for none; of products that point alike the one with the smaller id."""
    known = len(knowledge.products)
    found = np.full(len(candidates.product), -1, np.int32)
    bounds = np.searchsorted(candidates.client, np.arange(candidates.purchases.clients + 1))
    for client in range(candidates.purchases.clients):
        rows = slice(*bounds[client : client + 2])
        product = candidates.product[rows]
        companion = companions_of_one(client, candidates.purchases, knowledge)
        found[rows] = np.where(product < known, companion[np.minimum(product, known - 1)], -1) if known else -1
    return found


def companions_of_one(client: int, purchases: Purchases, knowledge: Knowledge) -> np.ndarray:
    """(P,) int32: which of the client's products adds most to the similarity of each; -1 for none."""
    rows = slice(*np.searchsorted(purchases.client, [client, client + 1]))
    inside = purchases.product[rows] < len(knowledge.products)
    mine, weight = purchases.product[rows][inside], np.log1p(purchases.orders[rows][inside])
    near = knowledge.similarity[mine]
    source = np.repeat(mine, np.diff(near.indptr))
    contribution = near.data * np.repeat(weight, np.diff(near.indptr))
    companion = np.full(len(knowledge.products), -1, np.int32)
    # The largest is written last; of equals the product with the smaller id.
    order = np.lexsort((-source, contribution))
    companion[near.indices[order]] = source[order]
    return companion
