"""Which of a client's own products points most to one it never bought."""

from collections.abc import Sequence

import numpy as np

from recommender.engine.candidates import Candidates
from recommender.engine.history import positions_in
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


def companion_among(
    own: Sequence[str], orders: Sequence[int], product: str, knowledge: Knowledge
) -> tuple[str, int, int] | None:
    """As `strongest_companions`, of some of a client's own products, for one that the model knows.

    Args:
        orders: how many hold each of `own`.

    Returns:
        (the one that points most, clients that bought both, clients that bought that one); None where none points.
    """
    codes, [code] = (positions_in(knowledge.products, np.array(names, str)) for names in (own, [product]))
    known = np.flatnonzero(codes >= 0)
    if not len(known):
        return None
    pull = knowledge.similarity[codes[known], code].toarray().ravel() * np.log1p(np.array(orders)[known])
    strongest = known[np.lexsort((codes[known], -pull))[0]]
    both, buyers = knowledge.share_of_buyers(int(code), int(codes[strongest]))
    return (own[strongest], both, buyers) if both else None
