"""The figures that a candidate is judged by, put together into one table."""

import numpy as np

from recommender.engine.best import ranks_within
from recommender.engine.client_answers import ANSWERS, ClientAnswers
from recommender.engine.client_features import CLIENT, client_features
from recommender.engine.clock import OrderClock
from recommender.engine.history import OrderHistory, pair_codes
from recommender.engine.knowledge import Knowledge
from recommender.engine.personal_features import PERSONAL, personal_features
from recommender.engine.pointers import POINTERS, Batch, Pointed
from recommender.engine.product_features import LASTING, PRODUCT, late_features
from recommender.engine.purchases import Purchases

RANKS = tuple(f"rank by {name}" for name in POINTERS)
BLEND = ("own and neighbours", "rank by own and neighbours")
FEATURES = (*POINTERS, *RANKS, *BLEND, *PRODUCT, *CLIENT, *PERSONAL, *ANSWERS)


def features_of(
    pointed: Pointed,
    purchase: np.ndarray,
    batch: Batch,
    history: OrderHistory,
    clock: OrderClock,
    purchases: Purchases,
    knowledge: Knowledge,
    sales_until: np.ndarray,
    answers: ClientAnswers,
) -> np.ndarray:
    """(R, len(FEATURES)) float32, NaN for what is not known.

    Args:
        purchase: (R,) int32, the row of `purchases` of each candidate, -1 for none.
        sales_until: (C,) float64, the day up to which it may be known how products sell.
        answers: of the batch's clients.
    """
    is_own, is_known = purchase >= 0, pointed.product < len(knowledge.products)
    client, product = pointed.client, np.where(is_known, pointed.product, 0)
    personal = np.full((len(client), len(PERSONAL)), np.nan, np.float32)
    personal[is_own] = personal_features(history, clock, purchases)[purchase[is_own]]
    selling = np.full((len(client), len(PRODUCT)), np.nan, np.float32)
    selling[is_known, : len(LASTING)] = knowledge.lasting[product[is_known]]
    until = sales_until[client[is_known]]
    selling[is_known, len(LASTING) :] = late_features(knowledge.sales, product[is_known], until)
    blend = own_and_neighbours(pointed, is_own & is_known, batch, knowledge)
    group = pair_codes(client, ~is_own, 2)  # its client's own products, or those that are new to it
    *ranks, rank_of_blend = (ranks_within(group, column) for column in (*pointed.scores.T, blend))
    of_client = client_features(history, clock, purchases)[client]
    answered = answers.days_since(client, pointed.product, clock.now[client])
    table = [pointed.scores, *ranks, blend, rank_of_blend, selling, of_client, personal, *answered]
    return np.column_stack(table).astype(np.float32)


def own_and_neighbours(pointed: Pointed, has_taste: np.ndarray, batch: Batch, knowledge: Knowledge) -> np.ndarray:
    """(R,) float32, the score of TIFU-KNN: the client's own vector and the mean of its neighbours', blended."""
    taste = np.zeros(len(pointed.client), np.float32)
    if has_taste.any():
        taste[has_taste] = np.asarray(batch.taste[pointed.client[has_taste], pointed.product[has_taste]]).ravel()
    neighbours = pointed.scores[:, POINTERS.index("neighbours")]
    return knowledge.comparing.own * taste + (1 - knowledge.comparing.own) * neighbours
