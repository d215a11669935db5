"""History to model: knowledge of the products, and heads fitted to what clients ordered next."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.engine.candidates import Candidates, candidates_of
from recommender.engine.groups import Attributes, codes_in, names_in_use
from recommender.engine.heads import FEATURES, TwoHeads, features_of
from recommender.engine.history import OrderHistory
from recommender.engine.knowledge import Knowledge, learn
from recommender.engine.metrics import expected_calibration_error, list_metrics
from recommender.engine.samples import Samples, bought_within, samples_between

LIST_LENGTH = 10
FIT_SHARE = 0.75  # of the orders, by time: knowledge for fitting the heads comes from before that
CHECK_SHARE = 0.9  # the heads are first fitted on targets before that, and judged on those after
SAMPLES = 6000
SAMPLES_PER_CLIENT = 6
LONGEST_HORIZON_DAYS = 90


@dataclass(frozen=True)
class Model:
    """What `suggest` answers with.

    next_order      heads for "the client's next order contains the product"
    within_horizon  heads for "the client buys it within `horizon_days`"
    segments        names of the segments, in the order of their codes
    recall          client -> recall at 10 on its held-out orders; "" -> the mean of all
    """

    as_of: float
    knowledge: Knowledge
    next_order: TwoHeads
    within_horizon: TwoHeads
    horizon_days: float
    segments: list[str]
    recall: dict[str, float]
    metrics: dict[str, Any]


def train(history: OrderHistory, attributes: Attributes, as_of: float, seed: int = 0) -> Model:
    """Fit a model to a history that ends before day `as_of`.

    The heads are fitted to orders after a cut in time with knowledge from before it, first without
    the latest of them, which give the metrics, then with all; the knowledge is learned again from
    the whole history last.

    Args:
        attributes: of the C clients.
    """
    segments = names_in_use(attributes.segment)
    segment = codes_in(attributes.segment, segments)
    fit_cut, check_cut = np.quantile(history.order_day, (FIT_SHARE, CHECK_SHARE))
    span = as_of - history.order_day.min()
    horizon = float(max(1.0, min(LONGEST_HORIZON_DAYS, span / 4)))
    before = history.where(history.order_day < fit_cut)
    samples = samples_between(history, fit_cut, as_of, SAMPLES_PER_CLIENT, SAMPLES, seed)
    knowledge = learn(before, fit_cut, segment, len(segments), seed)
    candidates = candidates_of(samples.history, segment[samples.client], knowledge)
    features = features_of(candidates, samples.now)
    baskets = bought_within(history, samples, None)
    in_next = is_among(candidates, baskets, len(history.products))

    early = (samples.now < check_cut)[candidates.client]
    trial = TwoHeads.fit(features[early], candidates.is_new[early], in_next[early])
    probability = trial.probability(features, candidates.is_new)
    known = np.bincount(samples.history.order_client, minlength=len(samples.now)) > 0
    held_out = (samples.now >= check_cut) & known
    metrics, recall = judge(history, samples, candidates, probability, in_next, baskets, held_out)
    return Model(
        as_of=as_of,
        knowledge=learn(history, as_of, segment, len(segments), seed),
        next_order=TwoHeads.fit(features, candidates.is_new, in_next),
        within_horizon=fit_within(history, segment, len(segments), as_of, horizon, seed),
        horizon_days=horizon,
        segments=segments,
        recall=recall,
        metrics=metrics,
    )


def fit_within(
    history: OrderHistory, segment: np.ndarray, segments: int, as_of: float, horizon: float, seed: int
) -> TwoHeads:
    """Heads for "the client buys it within `horizon` days", fitted where those days are over.

    The knowledge is of a horizon before them: in a history of four horizons the last quarter answers
    what is asked in the third.
    """
    end = np.nextafter(as_of - horizon, np.inf)
    cut = as_of - 2 * horizon
    samples = samples_between(history, cut, end, SAMPLES_PER_CLIENT, SAMPLES, seed)
    if not len(samples.now):
        nothing = np.zeros(0, bool)
        return TwoHeads.fit(np.zeros((0, len(FEATURES))), nothing, nothing)
    knowledge = learn(history.where(history.order_day < cut), cut, segment, segments, seed)
    candidates = candidates_of(samples.history, segment[samples.client], knowledge)
    bought = is_among(candidates, bought_within(history, samples, horizon), len(history.products))
    return TwoHeads.fit(features_of(candidates, samples.now), candidates.is_new, bought)


def is_among(candidates: Candidates, baskets: list[np.ndarray], products: int) -> np.ndarray:
    """(R,) bool: whether the basket of the row's client holds the product."""
    wanted = np.concatenate([client * products + basket for client, basket in enumerate(baskets)] or [np.zeros(0)])
    return np.isin(candidates.client.astype(np.int64) * products + candidates.product, wanted)


def judge(
    history: OrderHistory,
    samples: Samples,
    candidates: Candidates,
    probability: np.ndarray,
    in_next: np.ndarray,
    baskets: list[np.ndarray],
    held_out: np.ndarray,
) -> tuple[dict[str, Any], dict[str, float]]:
    """Metrics over the held-out samples, and the recall of each client that has some."""
    order = np.lexsort((candidates.product, -probability, candidates.client))
    first = np.searchsorted(candidates.client, np.arange(len(samples.now) + 1))
    wanted = np.flatnonzero(held_out)
    top = [order[first[i] : first[i + 1]][:LIST_LENGTH] for i in wanted]
    own = [candidates.product[first[i] : first[i + 1]][~candidates.is_new[first[i] : first[i + 1]]] for i in wanted]
    values = list_metrics([candidates.product[rows] for rows in top], [baskets[i] for i in wanted], own, LIST_LENGTH)
    shown = np.concatenate(top) if top else np.zeros(0, np.int64)
    metrics = {
        f"{name}@{LIST_LENGTH}": round(float(np.nanmean(value)), 4)
        for name, value in values.items()
        if not np.isnan(value).all()
    }
    metrics |= {"held_out_orders": len(wanted)}
    if len(shown):
        metrics["ece"] = round(expected_calibration_error(probability[shown], in_next[shown]), 4)
    recall: dict[str, list[float]] = {}
    for client, value in zip(history.clients[samples.client[wanted]].tolist(), values["recall"], strict=True):
        recall.setdefault(client, []).append(float(value))
        recall.setdefault("", []).append(float(value))
    return metrics, {client: round(float(np.mean(found)), 4) for client, found in recall.items()}
