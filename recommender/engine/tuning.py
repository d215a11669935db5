"""How to compare the clients of a history: the TIFU-KNN setting that finds most of their next orders."""

import numpy as np
from scipy import sparse

from recommender.engine.clock import clock_of
from recommender.engine.history import OrderHistory
from recommender.engine.metrics import LIST_LENGTH
from recommender.engine.neighbours import Comparing, compared_clients, nearest, similarity_to, unit_length, vectors_of
from recommender.engine.purchases import purchases_of
from recommender.engine.questions import Questions, in_next_order

DECAYS = (0.9, 0.8, 0.95)  # the first of each is taken where nothing speaks for another
NEIGHBOURS = (200, 60, 600)
OWN = (0.8, 0.6, 0.9)


def choose_comparing(history: OrderHistory, before: OrderHistory, questions: Questions, seed: int) -> Comparing:
    """The setting with the highest recall in what clients ordered next; the first of each where nothing is known.

    Args:
        history: that of which `questions` know the next orders.
        before: what is known of the clients to compare with; ends before any question.
    """
    compared = compared_clients(np.bincount(before.order_client, minlength=len(before.clients)), seed)
    wanted = in_next_order(history, questions)
    best, most = Comparing(DECAYS[0], NEIGHBOURS[0], OWN[0]), 0.0
    if not len(wanted) or not len(compared):
        return best
    for decay in DECAYS:
        own, others = vectors(questions.history, decay), vectors(before, decay)[compared]
        alike = unit_length(others).T.tocsr()
        similarity = similarity_to(own, alike, before.clients[compared], questions.history.clients)
        for count in NEIGHBOURS:
            means = (nearest(similarity, count) @ others).toarray()
            for weight in OWN:
                found = found_by(weight * own.toarray() + (1 - weight) * means, wanted)
                if found > most:
                    best, most = Comparing(decay, count, weight), found
    return best


def vectors(history: OrderHistory, decay: float) -> sparse.csr_matrix:
    clock = clock_of(history, np.zeros(len(history.clients)))
    return vectors_of(history, clock, purchases_of(history), decay, len(history.products))


def found_by(scores: np.ndarray, wanted: np.ndarray) -> float:
    """Mean recall of the LIST_LENGTH best of each row of `scores` ((N, P)); `wanted` as of `in_next_order`."""
    products = scores.shape[1]
    best = np.argsort(-scores.round(6), axis=1, kind="stable")[:, :LIST_LENGTH]
    listed = np.arange(len(scores))[:, None] * products + best
    question = wanted // products
    hits = np.bincount(question, np.isin(wanted, listed), minlength=len(scores))
    sizes = np.bincount(question, minlength=len(scores))
    return float((hits / np.maximum(sizes, 1)).mean())
