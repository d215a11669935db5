"""Where the trees of a head start from: a logistic regression of the few figures that say most.

Trees that start from good log odds need fewer examples than those that start from a constant; and where
there are too few examples for any tree this is the whole answer, so it has to be sober by itself.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recommender.engine.features import FEATURES

SHARE_DECAY = 0.85
SHARE = f"share of orders, decay {SHARE_DECAY}"
DOUBT_ORDERS = 2.0  # a share counts as if so many orders with the usual share had come before
USUAL_SHARE = 0.1
FLOOR = 1e-4


def repeat_inputs(features: np.ndarray) -> np.ndarray:
    """(R, 3): log odds of the decayed share of orders, drawn to a usual one; orders of the client; days since."""
    orders = column(features, "client's orders")
    weight = (1 - SHARE_DECAY**orders) / (1 - SHARE_DECAY)
    share = (column(features, SHARE) * weight + USUAL_SHARE * DOUBT_ORDERS) / (weight + DOUBT_ORDERS)
    return np.column_stack([np.log(share / (1 - share)), np.log1p(orders), np.log1p(column(features, "days since"))])


def explore_inputs(features: np.ndarray) -> np.ndarray:
    """(R, 3): logs of the popularity among clients alike by segment and chain, and by taste; orders of the client.

    A client without orders has no taste to go by: what its segment and chain buy stands in for that.
    """
    orders, popularity = column(features, "client's orders"), column(features, "popularity")
    by_taste = np.where(orders > 0, column(features, "neighbours"), popularity)
    return np.column_stack([np.log(popularity + FLOOR), np.log(by_taste + FLOOR), np.log1p(orders)])


INPUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"repeat": repeat_inputs, "explore": explore_inputs}

# What is believed without examples: the share that happens, and as of how many examples. Of all that a client
# never bought next to nothing is bought next; what it did buy may well come back each time.
USUAL = {"repeat": (USUAL_SHARE, DOUBT_ORDERS), "explore": (0.0005, 1000.0)}


def column(features: np.ndarray, name: str) -> np.ndarray:
    return np.nan_to_num(features[:, FEATURES.index(name)].astype(float)).clip(0)


def logistic(log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-log_odds.clip(-30, 30)))


@dataclass(frozen=True, slots=True)
class Start:
    """Log odds linear in inputs[`inputs`]; all one value where all examples came out alike."""

    inputs: str
    weights: list[float]
    intercept: float

    @classmethod
    def fit(cls, inputs: str, features: np.ndarray, happened: np.ndarray, weight: np.ndarray) -> "Start":
        # Here, because only training needs it and it takes long to import.
        from sklearn.linear_model import LogisticRegression

        values = INPUTS[inputs](features)
        if not 0 < happened.sum() < len(happened):
            share, doubt = USUAL[inputs]
            rate = (happened.sum() + share * doubt) / (len(happened) + doubt)
            return cls(inputs, [0.0] * values.shape[1], float(np.log(rate / (1 - rate))))
        fitted = LogisticRegression(C=1.0, max_iter=500).fit(values, happened, sample_weight=weight)
        return cls(inputs, fitted.coef_[0].round(6).tolist(), round(float(fitted.intercept_[0]), 6))

    def log_odds(self, features: np.ndarray) -> np.ndarray:
        """(R,) float64."""
        # A sum along rows, unlike a matrix product, gives a row the same bytes in any batch.
        return (INPUTS[self.inputs](features) * self.weights).sum(axis=1) + self.intercept

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Start":
        return cls(**data)
