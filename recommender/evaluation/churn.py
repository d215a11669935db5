"""Whether clients that stopped ordering could be told beforehand."""

from dataclasses import dataclass

import numpy as np

from recommender.cadence import CHURN_DAYS, CHURN_INTERVALS, intervals_of, typical
from recommender.engine.bootstrap import Bootstrap, Estimate, estimate
from recommender.engine.demand import LEAST_LEFT
from recommender.evaluation.later_orders import KnownAtCut, LaterOrders
from recommender.evaluation.lists import OURS

SHORTEST_DAYS = 28  # of silence after the cut that can be called one
MODEL = f"{OURS}: no purchase expected"
RULE = "silence against the client's rhythm"
SILENCE = "days since the last order"


@dataclass(frozen=True, slots=True)
class ChurnBacktest:
    """AUC by score; the difference is MODEL's less SILENCE's. `silent`: of `clients`, without an order in `days`."""

    days: float
    clients: int
    silent: int
    areas: dict[str, Estimate]
    difference: Estimate


def churn_backtest(at_cut: KnownAtCut, later: LaterOrders, seed: int) -> ChurnBacktest | None:
    """Of all clients that had ordered before the cut; None where too few days come after it, or all did the same."""
    days = min(CHURN_DAYS, later.days)
    history, own, now = at_cut.history, at_cut.purchases, at_cut.now
    known = np.unique(history.order_client)
    silent = ~later.ordered(len(history.clients), days)[known]
    if days < SHORTEST_DAYS or silent.all() or not silent.any():
        return None
    first, last = history_bounds(history.order_client, known)
    silence = now - history.order_day[last]
    intervals = [intervals_of(history.order_day[start : stop + 1]) for start, stop in zip(first, last, strict=True)]
    median_gap = np.array([typical(of_client) if len(of_client) else 0 for of_client in intervals])
    expected = np.bincount(own.client, -np.log(np.maximum(1 - at_cut.within, LEAST_LEFT)), own.clients)[known]
    scores = {MODEL: -expected, RULE: silence / np.maximum(CHURN_DAYS, CHURN_INTERVALS * median_gap), SILENCE: silence}
    weights = np.vstack([np.ones(len(known)), Bootstrap(len(known), seed).times_drawn])
    areas = {name: weighted_areas(values, silent, weights) for name, values in scores.items()}
    return ChurnBacktest(
        days=days,
        clients=len(known),
        silent=int(silent.sum()),
        areas={name: estimate(values) for name, values in areas.items()},
        difference=estimate(areas[MODEL] - areas[SILENCE]),
    )


def history_bounds(order_client: np.ndarray, clients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(positions of each client's first order, of its last)."""
    return np.searchsorted(order_client, clients), np.searchsorted(order_client, clients, side="right") - 1


def weighted_areas(score: np.ndarray, happened: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(D,) areas under the ROC curve: how often what happened has the higher score; a tie counts half.

    Args:
        score, happened: (C,).
        weights: (D, C), how often each counts.
    """
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    positive = np.add.reduceat(weights[:, order] * happened[order], starts, axis=1)
    negative = np.add.reduceat(weights[:, order] * ~happened[order], starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    return np.divide((positive * below).sum(axis=1), pairs, out=np.full(len(weights), np.nan), where=pairs > 0)
