"""Methods side by side: how much of the judged orders their lists find."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.bootstrap import Bootstrap, Estimate
from recommender.engine.metrics import LIST_LENGTH, RECALL, list_metrics, recall_curve
from recommender.evaluation.lists import LONGEST, OURS

LENGTHS = (LIST_LENGTH, LONGEST)
SIZES = ((1, 1), (2, 3), (4, 7), (8, 15), (16, None))  # orders of a client before the cut, from and to
SIZE_METRIC = RECALL


@dataclass(frozen=True, slots=True)
class Difference:
    """Ours less the baseline that does best at the metric, client by client; `lift` is its share of the baseline."""

    baseline: str
    difference: Estimate
    lift: Estimate


@dataclass(frozen=True, slots=True)
class SizeGroup:
    """Clients with so many orders before the cut (`most` None: or more), by SIZE_METRIC."""

    fewest: int
    most: int | None
    clients: int
    ours: Estimate
    baseline: Estimate
    lift: Estimate


@dataclass(frozen=True, slots=True)
class MethodsCompared:
    """`methods`: method -> metric -> figure; `curve`: method -> recall at 1, 2, ... ; `differences`: by metric."""

    methods: dict[str, dict[str, Estimate]]
    differences: dict[str, Difference]
    curve: dict[str, list[Estimate]]
    by_size: list[SizeGroup]


def compare(
    lists: dict[str, list[np.ndarray]],
    baskets: list[np.ndarray],
    bought: list[np.ndarray],
    orders_before: np.ndarray,
    bootstrap: Bootstrap,
) -> MethodsCompared:
    """The lists of all methods judged by the same orders, ours beside the best of the others.

    Args:
        lists: method -> per client the product codes, best first; OURS among them.
        baskets, bought: as of `list_metrics`.
    """
    values = {method: client_values(suggested, baskets, bought) for method, suggested in lists.items()}
    best = {metric: best_baseline(values, metric) for metric in values[OURS]}
    return MethodsCompared(
        methods={
            method: {metric: bootstrap.mean(of_clients) for metric, of_clients in metrics.items()}
            for method, metrics in values.items()
        },
        differences={
            metric: difference(values[OURS][metric], baseline, values[baseline][metric], bootstrap)
            for metric, baseline in best.items()
        },
        curve={
            method: [bootstrap.mean(at_k) for at_k in recall_curve(suggested, baskets, LONGEST).T]
            for method, suggested in lists.items()
        },
        by_size=lift_by_size(
            values[OURS][SIZE_METRIC], values[best[SIZE_METRIC]][SIZE_METRIC], orders_before, bootstrap
        ),
    )


def client_values(suggested: list[np.ndarray], baskets: list[np.ndarray], bought: list[np.ndarray]) -> dict:
    """metric@k -> (clients,) float64."""
    return {
        f"{metric}@{k}": values
        for k in LENGTHS
        for metric, values in list_metrics(suggested, baskets, bought, k).items()
    }


def best_baseline(values: dict[str, dict[str, np.ndarray]], metric: str) -> str:
    means = {method: np.nansum(metrics[metric]) for method, metrics in values.items() if method != OURS}
    return max(means, key=means.__getitem__)


def difference(ours: np.ndarray, baseline: str, theirs: np.ndarray, bootstrap: Bootstrap) -> Difference:
    known = ~np.isnan(ours)
    return Difference(
        baseline=baseline,
        difference=bootstrap.mean(ours - theirs),
        lift=bootstrap.ratio(np.where(known, ours, 0), np.where(known, theirs, 0), less=1),
    )


def lift_by_size(
    ours: np.ndarray, theirs: np.ndarray, orders_before: np.ndarray, bootstrap: Bootstrap
) -> list[SizeGroup]:
    groups = []
    for fewest, most in SIZES:
        inside = (orders_before >= fewest) & (orders_before <= (most or np.inf))
        groups.append(
            SizeGroup(
                fewest=fewest,
                most=most,
                clients=int(inside.sum()),
                ours=bootstrap.ratio(ours * inside, inside),
                baseline=bootstrap.ratio(theirs * inside, inside),
                lift=bootstrap.ratio(ours * inside, theirs * inside, less=1),
            )
        )
    return groups
