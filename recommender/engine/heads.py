"""From a candidate's figures to a probability: one logistic regression a head."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.engine.candidates import Candidates

FEATURES = (
    "log odds of decayed share",
    "log orders with it",
    "log days since",
    "days since / reorder interval",
    "log item-item",
    "factors",
    "log popularity",
    "log orders of client",
)


def features_of(candidates: Candidates, now: np.ndarray) -> np.ndarray:
    """(R, len(FEATURES)) float64; `now` is (C,), days since 1970-01-01 UTC. Zero for what a new product lacks."""
    own = ~candidates.is_new
    purchases, row = candidates.purchases, candidates.purchase[own]
    table = np.zeros((len(candidates.product), len(FEATURES)))
    share = purchases.decayed_share[row].clip(0.001, 0.999)
    since = (now[candidates.client[own]] - purchases.last_day[row]).clip(0)
    table[own, 0] = np.log(share / (1 - share))
    table[own, 1] = np.log(purchases.orders[row])
    table[own, 2] = np.log1p(since)
    table[own, 3] = np.nan_to_num(since / purchases.gap_days[row].clip(1)).clip(0, 4)
    table[:, 4] = np.log1p(candidates.neighbours)
    table[:, 5] = candidates.factors
    table[:, 6] = np.log(candidates.popularity + 1e-4)
    orders = np.bincount(purchases.client, minlength=len(now)).astype(float)
    orders[purchases.client] = purchases.client_orders
    table[:, 7] = np.log1p(orders[candidates.client])
    return table


@dataclass(frozen=True, slots=True)
class Head:
    """A logistic regression over standardised features; without weights it is its base rate."""

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    intercept: float

    @classmethod
    def fit(cls, features: np.ndarray, target: np.ndarray) -> "Head":
        """`target` is (R,) bool. Where it is all one value no weight can be learned."""
        # Here, because only training needs it and it takes long to import.
        from sklearn.linear_model import LogisticRegression

        width = len(FEATURES)
        if not 0 < target.sum() < len(target):
            rate = (target.sum() + 0.5) / (len(target) + 1000.0)
            return cls(np.zeros(width), np.ones(width), np.zeros(width), float(np.log(rate / (1 - rate))))
        mean, scale = features.mean(axis=0), features.std(axis=0)
        scale[scale < 1e-9] = 1
        fitted = LogisticRegression(C=1.0, max_iter=500).fit((features - mean) / scale, target)
        return cls(mean, scale, fitted.coef_[0], float(fitted.intercept_[0]))

    def probability(self, features: np.ndarray) -> np.ndarray:
        """(R,) float64, to six decimals: what is below that is not known, and differs by machine."""
        # A sum along rows, unlike a matrix product, gives a row the same bytes in any batch.
        logit = ((features - self.mean) / self.scale * self.weights).sum(axis=1) + self.intercept
        return np.round(1 / (1 + np.exp(-logit.clip(-30, 30))), 6)

    def to_json(self) -> dict[str, Any]:
        return {
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "weights": self.weights.tolist(),
            "intercept": self.intercept,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Head":
        return cls(np.array(data["mean"]), np.array(data["scale"]), np.array(data["weights"]), data["intercept"])


@dataclass(frozen=True, slots=True)
class TwoHeads:
    """One for products the client bought before, one for those it never did; on the same scale."""

    repeat: Head
    explore: Head

    @classmethod
    def fit(cls, features: np.ndarray, is_new: np.ndarray, target: np.ndarray) -> "TwoHeads":
        return cls(Head.fit(features[~is_new], target[~is_new]), Head.fit(features[is_new], target[is_new]))

    def probability(self, features: np.ndarray, is_new: np.ndarray) -> np.ndarray:
        return np.where(is_new, self.explore.probability(features), self.repeat.probability(features))
