"""Random effects on the log odds of acceptance, with a spread that the data say."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.start import logistic

SPREADS = np.geomspace(0.1, 3.0, 18)  # of the effects of groups, in log odds
BEYOND_CHANCE = 1.353  # log likelihood; half the 90% point of chi-square(1): the spread cannot be below 0 (Self, Liang)
STEPS = 30  # Newton's; the function is concave, and a handful is enough


@dataclass(frozen=True, slots=True)
class Effects:
    """effect (G,) float64 in log odds; spread, their standard deviation, 0 where groups do not differ beyond chance."""

    effect: np.ndarray
    spread: float


def confidence_offsets(confidence: np.ndarray, accepted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(N,) log odds of acceptance that the confidence alone explains; both answers have to occur."""
    # Here, because only training needs it and it takes long to import.
    from sklearn.linear_model import LogisticRegression

    probability = confidence.clip(0.001, 0.999)
    odds = np.log(probability / (1 - probability))[:, None]
    return LogisticRegression(C=1.0, max_iter=500).fit(odds, accepted, sample_weight=weight).decision_function(odds)


def fitted_effects(group: np.ndarray, offset: np.ndarray, accepted: np.ndarray, weight: np.ndarray) -> Effects:
    """Effects of the G groups, drawn towards 0 as strongly as the data say.

    A normal prior on the effects; of SPREADS the one whose likelihood, the effects integrated out
    by Laplace's method, is highest. Where it is hardly higher than without effects there are none.

    Args:
        group: (N,) int, 0 to G - 1.
        offset: (N,) float64, log odds before the effects.
    """
    groups = int(group.max()) + 1
    best, found = BEYOND_CHANCE, Effects(np.zeros(groups), 0.0)
    without = log_likelihood(offset, accepted, weight).sum()
    for spread in SPREADS.tolist():
        effect, curvature = most_likely(group, groups, offset, accepted, weight, spread)
        gain = log_likelihood(offset + effect[group], accepted, weight).sum() - without
        gain -= 0.5 * np.sum((effect / spread) ** 2 + np.log1p(spread**2 * curvature))
        if gain > best:
            best, found = gain, Effects(effect, round(spread, 4))
    return found


def most_likely(
    group: np.ndarray, groups: int, offset: np.ndarray, accepted: np.ndarray, weight: np.ndarray, spread: float
) -> tuple[np.ndarray, np.ndarray]:
    """((G,) effects with the highest posterior, (G,) curvature of the likelihood there), by Newton's method."""
    effect = np.zeros(groups)
    for _ in range(STEPS):
        share = logistic(offset + effect[group])
        slope = np.bincount(group, weight * (accepted - share), groups) - effect / spread**2
        curvature = np.bincount(group, weight * share * (1 - share), groups)
        effect = effect + (slope / (curvature + 1 / spread**2)).clip(-1, 1)
    return effect, curvature


def log_likelihood(odds: np.ndarray, accepted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(N,) of each answer, by its log odds."""
    return -weight * np.logaddexp(0, np.where(accepted, -odds, odds))
