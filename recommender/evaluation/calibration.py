"""Whether what is promised happens as often as promised."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.bootstrap import Bootstrap, Estimate
from recommender.engine.metrics import BINS, bin_of, expected_calibration_error, log_loss
from recommender.evaluation.lists import OURS

COUNTING = "GP-TopFreq, calibrated"


@dataclass(frozen=True, slots=True)
class Bin:
    """Confidences from `start` to `stop`: how many, their mean, and the share of them that came true."""

    start: float
    stop: float
    count: int
    promised: float
    happened: Estimate


@dataclass(frozen=True, slots=True)
class Reliability:
    """`ece` has no interval: resampling can only add to it, so that one would lie above the figure."""

    ece: float
    brier: Estimate
    log_loss: Estimate
    bins: list[Bin]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Both methods on the same pairs of client and product; the differences are ours less counting's."""

    pairs: int
    methods: dict[str, Reliability]
    brier_difference: Estimate
    log_loss_difference: Estimate


def calibration(
    client: np.ndarray, happened: np.ndarray, ours: np.ndarray, counting: np.ndarray, bootstrap: Bootstrap
) -> Calibration:
    """Of confidences by two methods: how they are spread, what came of them and how far they were off.

    Args:
        client: (N,) int, whose pair it is.
        happened: (N,) bool, the client's next order has the product.
        ours, counting: (N,) float64 probabilities.
    """
    clients = bootstrap.times_drawn.shape[1]

    def mean(values: np.ndarray) -> Estimate:
        return bootstrap.ratio(np.bincount(client, values, clients), np.bincount(client, minlength=clients))

    def reliability(probability: np.ndarray) -> Reliability:
        return Reliability(
            ece=expected_calibration_error(probability, happened),
            brier=mean((probability - happened) ** 2),
            log_loss=mean(log_loss(probability, happened)),
            bins=reliability_bins(client, happened, probability, bootstrap),
        )

    return Calibration(
        pairs=len(client),
        methods={OURS: reliability(ours), COUNTING: reliability(counting)},
        brier_difference=mean((ours - happened) ** 2 - (counting - happened) ** 2),
        log_loss_difference=mean(log_loss(ours, happened) - log_loss(counting, happened)),
    )


def reliability_bins(
    client: np.ndarray, happened: np.ndarray, probability: np.ndarray, bootstrap: Bootstrap
) -> list[Bin]:
    """Those of the BINS that hold something."""
    clients = bootstrap.times_drawn.shape[1]
    number = bin_of(probability)
    bins = []
    for at in np.unique(number):
        inside = number == at
        came_true = np.bincount(client[inside], happened[inside], clients)
        bins.append(
            Bin(
                start=at / BINS,
                stop=(at + 1) / BINS,
                count=int(inside.sum()),
                promised=float(probability[inside].mean()),
                happened=bootstrap.ratio(came_true, np.bincount(client[inside], minlength=clients)),
            )
        )
    return bins
