"""What each method suggests for the judged orders."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from tqdm import tqdm

from recommender.engine import baselines
from recommender.engine.client_answers import ClientAnswers
from recommender.engine.groups import Attributes
from recommender.engine.history import OrderHistory, pair_codes, positions_in
from recommender.engine.model import Model
from recommender.engine.purchases import Purchases
from recommender.engine.scoring import Scores, score
from recommender.evaluation.judged import JudgedOrders

LONGEST = 20
OURS = "Sales AI"
PERSONAL = "GP-TopFreq"
POPULAR = "G-TopFreq"
BATCH_CLIENTS = 500  # bounds the memory that candidates and their features take


@dataclass(frozen=True, slots=True)
class Suggested:
    """Of N clients: product codes, best first, with confidences.

    whole, confidence     the best of all products
    explore               the best of those the client never bought
    of_others             confidences in the products of other lists, 0 for one that was not judged
    quantity, price       a part a batch, together one figure a row of the clients' purchases
    """

    whole: list[np.ndarray]
    confidence: list[np.ndarray]
    explore: list[np.ndarray]
    of_others: list[np.ndarray]
    quantity: list[np.ndarray]
    price: list[np.ndarray]


def suggested_by(
    model: Model,
    judged: JudgedOrders,
    now: np.ndarray,
    attributes: Attributes,
    answers: ClientAnswers,
    others: list[np.ndarray],
    about: str,
) -> Suggested:
    """What a model's lists hold for the judged clients, batch by batch.

    Args:
        now: (N,) float64, the day that each client's list is asked for.
        others: per client the products of another list.
        about: what the progress bar says.
    """
    found = Suggested([], [], [], [], [], [])
    bounds = [*range(0, len(now), BATCH_CLIENTS), len(now)]
    for start, stop in tqdm(list(pairwise(bounds)), desc=about, unit="batch", disable=None):
        chosen = np.arange(start, stop)
        some = judged.history.of_clients(chosen)
        scores = score(model, some, now[chosen], attributes.of(chosen), answers.of(chosen))
        best = scores.best(LONGEST)
        found.whole.extend(scores.product[rows] for rows in best)
        found.confidence.extend(scores.next_order[rows] for rows in best)
        found.explore.extend(scores.product[rows] for rows in scores.best(LONGEST, only_new=True))
        found.of_others.extend(confidence_in(scores, others[start:stop], len(judged.history.products)))
        found.quantity.append(scores.usual)
        found.price.append(scores.purchases.price)
    return found


def confidence_in(scores: Scores, lists: list[np.ndarray], products: int) -> list[np.ndarray]:
    """Of each list the confidence in its products, 0 for one that was not judged."""
    rows, confidence = pair_codes(scores.client, scores.product, products), np.append(scores.next_order, 0.0)
    lengths = [len(listed) for listed in lists]
    wanted = pair_codes(np.repeat(np.arange(len(lists)), lengths), np.concatenate(lists), products)
    return np.split(confidence[positions_in(rows, wanted)], np.cumsum(lengths)[:-1])


def counted_lists(before: OrderHistory, own: Purchases, clients: int) -> tuple[dict, dict]:
    """(whole, explore): method -> per client the product codes that counting suggests."""
    popular = baselines.global_top(before)
    whole = {
        PERSONAL: baselines.personal_top(own, clients, popular, LONGEST),
        POPULAR: [popular[:LONGEST]] * clients,
    }
    return whole, {POPULAR: baselines.popular_new(own, clients, popular, LONGEST)}
