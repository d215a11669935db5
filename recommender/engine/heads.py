"""From a candidate's features to a probability: boosted trees on a simple start, calibrated on what they never saw."""

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.engine.cross_fitting import IN_ALL, PARTS, CrossFitted
from recommender.engine.start import Start, logistic

if TYPE_CHECKING:
    from lightgbm import Booster

FEWEST_POSITIVES = 50  # that can be left out, in each part, to grow trees and say when to stop; below, the start is all
TREES_AT_MOST = 250
PATIENCE = 30  # trees without gain on clients not fitted to
KINDS = ("repeat", "explore")
PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.07,
    "num_leaves": 15,
    "min_data_in_leaf": 60,
    "lambda_l2": 5.0,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 127,
    # One thread a head, and the heads side by side: threads within one wait for each other on a busy machine.
    "num_threads": 1,
    # The same bytes from the same rows, whatever the machine does beside.
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class Examples:
    """R pairs of a client and product, and what became of them.

    features  (R, len(FEATURES)) float32
    happened  (R,) bool
    weight    (R,) float64  in fitting
    even      (R,) float64  in judging, where clients count alike, however many questions were about each
    part      (R,) int8     of the client, IN_ALL for what is left out of nothing and judges nothing
    """

    features: np.ndarray
    happened: np.ndarray
    weight: np.ndarray
    even: np.ndarray
    part: np.ndarray

    def where(self, chosen: np.ndarray) -> "Examples":
        """`chosen` is (R,) bool or positions."""
        return Examples(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def thinned(self, at_most: int, random: np.random.Generator) -> "Examples":
        """About `at_most`: all that happened, and a share of the others that weigh as much as all of them."""
        happened = int(self.happened.sum())
        share = max(at_most - happened, happened) / max(len(self.happened) - happened, 1)
        if share >= 1:
            return self
        kept = self.where(self.happened | (random.random(len(self.happened)) < share))
        times = np.where(kept.happened, 1, 1 / share)
        return replace(kept, weight=times * kept.weight, even=times * kept.even)

    @classmethod
    def together(cls, several: list["Examples"]) -> "Examples":
        return cls(*(np.concatenate([getattr(each, field.name) for each in several]) for field in fields(cls)))


@dataclass(frozen=True)
class Head:
    """Log odds = slope x (start + trees) + intercept; `trees` is None where there was too little to grow any."""

    start: Start
    trees: "Booster | None"
    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def cross_fit(cls, inputs: str, examples: Examples, seed: int) -> CrossFitted["Head"]:
        """Calibrated by what is said of examples that were not fitted to, and with as many trees as help with these.

        As scikit-learn's CalibratedClassifierCV does with ensemble=False. Where one part has all that happened the
        others teach nothing of it: it is left in, without trees, and nothing is calibrated.

        Args:
            inputs: what the start is made from, one of `start.INPUTS`.
        """
        left_out = [examples.part == part for part in range(PARTS)]
        if not all(examples.happened[~rows].any() for rows in left_out):
            head = cls.uncalibrated(inputs, examples, seed, trees=0)
            return CrossFitted(head, (head,) * PARTS)
        is_enough = min(examples.happened[rows].sum() for rows in left_out) >= FEWEST_POSITIVES
        at_most = TREES_AT_MOST if is_enough else 0
        without = tuple(
            cls.uncalibrated(inputs, examples.where(~rows), seed, at_most, examples.where(rows)) for rows in left_out
        )
        trees = round(np.mean([head.trees.num_trees() if head.trees else 0 for head in without]))
        heads = CrossFitted(cls.uncalibrated(inputs, examples, seed, trees), without)
        log_odds = heads.unseen(examples.part, lambda head, rows: head.log_odds(examples.features[rows]))
        judged = examples.part != IN_ALL
        slope, intercept = calibration(log_odds[judged], examples.happened[judged], examples.even[judged])
        return CrossFitted.together(lambda head: replace(head, slope=slope, intercept=intercept), heads)

    @classmethod
    def uncalibrated(
        cls, inputs: str, examples: Examples, seed: int, trees: int, unseen: Examples | None = None
    ) -> "Head":
        """With so many trees, or as many of them as help with `unseen`."""
        start = Start.fit(inputs, examples.features, examples.happened, examples.weight)
        return cls(start, grown(start, examples, seed, trees, unseen) if trees else None)

    def probability(self, features: np.ndarray) -> np.ndarray:
        """(R,) float64, to six decimals: what is below that is not known, and differs by machine."""
        return logistic(self.log_odds(features)).round(6)

    def log_odds(self, features: np.ndarray) -> np.ndarray:
        """(R,) float64."""
        log_odds = self.start.log_odds(features)
        if self.trees is not None and len(features):
            log_odds = log_odds + raw_scores(self.trees, features)
        return self.slope * log_odds + self.intercept

    def to_json(self) -> dict[str, Any]:
        """All but the trees, which have a text form of their own."""
        return {"start": self.start.to_json(), "slope": self.slope, "intercept": self.intercept}

    @classmethod
    def from_json(cls, data: dict[str, Any], trees: str | None) -> "Head":
        # Here and below, as with scipy.optimize: it takes long to import and most commands do without.
        from lightgbm import Booster

        booster = Booster(model_str=trees) if trees else None
        return cls(Start.from_json(data["start"]), booster, data["slope"], data["intercept"])


@dataclass(frozen=True)
class TwoHeads:
    """One for products the client bought before, one for those it never did; on the same scale.

    The two are measured and learned apart, as TREx shows why (Li et al., SIGIR 2024).
    """

    repeat: Head
    explore: Head

    def probability(self, features: np.ndarray, is_new: np.ndarray) -> np.ndarray:
        """(R,) float64."""
        probability = np.empty(len(features))
        probability[is_new] = self.explore.probability(features[is_new])
        probability[~is_new] = self.repeat.probability(features[~is_new])
        return probability


def grown(start: Start, examples: Examples, seed: int, count: int, unseen: Examples | None) -> "Booster":
    """Trees that mend the start; see `Head.uncalibrated`."""
    import lightgbm

    known = lightgbm.Dataset(
        examples.features,
        examples.happened,
        weight=examples.weight,
        init_score=start.log_odds(examples.features),
        params={"max_bin": PARAMETERS["max_bin"], "verbose": -1},
    )
    judging = {}
    if unseen is not None:
        other = known.create_valid(
            unseen.features, unseen.happened, weight=unseen.even, init_score=start.log_odds(unseen.features)
        )
        judging = {"valid_sets": [other], "callbacks": [lightgbm.early_stopping(PATIENCE, verbose=False)]}
    trees = lightgbm.train(PARAMETERS | {"seed": seed}, known, count, **judging)
    # Read back from its text, so that what is measured now is to the last bit what will be loaded.
    return lightgbm.Booster(model_str=trees.model_to_string())


def raw_scores(trees: "Booster", features: np.ndarray) -> np.ndarray:
    return trees.predict(features, raw_score=True, num_threads=1)


def calibration(log_odds: np.ndarray, happened: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """(slope, intercept) of Platt scaling (1999), drawn towards (1, 0), where it stays without examples."""
    from scipy.optimize import minimize

    def loss(parameters: np.ndarray) -> float:
        scaled = parameters[0] * log_odds + parameters[1]
        errors = np.logaddexp(0, np.where(happened, -scaled, scaled))
        return float(weight @ errors + (parameters[0] - 1) ** 2 + parameters[1] ** 2)

    slope, intercept = minimize(loss, (1.0, 0.0), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-4}).x
    return round(float(slope), 4), round(float(intercept), 4)
