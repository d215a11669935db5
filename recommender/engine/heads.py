"""From a candidate's features to a probability: boosted trees on a simple start, then calibrated."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.engine.start import Start, logistic

if TYPE_CHECKING:
    from lightgbm import Booster

FEWEST_POSITIVES = 50  # to grow trees, and to say when to stop: below that the start says all there is to say
TREES_AT_MOST = 250
PATIENCE = 30  # trees without gain on the held-out clients
PARAMETERS = {  # by rule of thumb: small, cautious trees
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
    is_new    (R,) bool     never bought by the client before
    happened  (R,) bool
    weight    (R,) float64
    is_late   (R,) bool     sets the head's level (`intercept`); the others shape start and trees alone
    """

    features: np.ndarray
    is_new: np.ndarray
    happened: np.ndarray
    weight: np.ndarray
    is_late: np.ndarray

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
        return replace(kept, weight=np.where(kept.happened, 1, 1 / share) * kept.weight)

    @classmethod
    def together(cls, parts: list["Examples"]) -> "Examples":
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


@dataclass(frozen=True)
class Head:
    """Log odds = slope x (start + trees) + intercept; `trees` is None where there was too little to grow any."""

    start: Start
    trees: "Booster | None"
    slope: float
    intercept: float

    @classmethod
    def fit(cls, inputs: str, examples: Examples, held_out: Examples, seed: int) -> "Head":
        """The trees and what they start from, calibrated.

        Args:
            inputs: what the start is made from, one of `start.INPUTS`.
            held_out: of other clients than `examples`; says when to stop, and how far to believe what is learned.
                How much is promised in all goes by both: the few large clients among those held out would decide it
                alone.
        """
        start = Start.fit(inputs, examples.features, examples.happened, examples.weight)
        head = cls(start, grown(start, examples, held_out, seed), slope=1.0, intercept=0.0)
        head = replace(head, slope=slope_of(head.log_odds(held_out.features), held_out.happened, held_out.weight))
        late = (each.where(each.is_late) for each in (examples, held_out))  # one after the other: they are large
        columns = [(head.log_odds(each.features), each.happened, each.weight) for each in late]
        return replace(head, intercept=level_of(*map(np.concatenate, zip(*columns, strict=True))))

    def log_odds(self, features: np.ndarray) -> np.ndarray:
        """(R,) float64."""
        log_odds = self.start.log_odds(features)
        if self.trees is not None and len(features):
            log_odds = log_odds + raw_scores(self.trees, features)
        return self.slope * log_odds + self.intercept

    def probability(self, features: np.ndarray) -> np.ndarray:
        """(R,) float64, to six decimals: what is below that is not known, and differs by machine."""
        return logistic(self.log_odds(features)).round(6)

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

    @classmethod
    def fit(cls, examples: Examples, held_out: Examples, seed: int) -> "TwoHeads":
        kinds = [
            ("repeat", examples.where(~examples.is_new), held_out.where(~held_out.is_new), seed),
            ("explore", examples.where(examples.is_new), held_out.where(held_out.is_new), seed),
        ]
        with ThreadPoolExecutor() as threads:
            return cls(*threads.map(lambda kind: Head.fit(*kind), kinds))

    def probability(self, features: np.ndarray, is_new: np.ndarray) -> np.ndarray:
        """(R,) float64."""
        probability = np.empty(len(features))
        probability[is_new] = self.explore.probability(features[is_new])
        probability[~is_new] = self.repeat.probability(features[~is_new])
        return probability


def grown(start: Start, examples: Examples, held_out: Examples, seed: int) -> "Booster | None":
    """Trees that mend the start, as many as help with clients they have not seen; None for none."""
    import lightgbm

    if min(examples.happened.sum(), held_out.happened.sum()) < FEWEST_POSITIVES:
        return None
    known = lightgbm.Dataset(
        examples.features,
        examples.happened,
        weight=examples.weight,
        init_score=start.log_odds(examples.features),
        params={"max_bin": PARAMETERS["max_bin"], "verbose": -1},
    )
    unseen = known.create_valid(
        held_out.features,
        held_out.happened,
        weight=held_out.weight,
        init_score=start.log_odds(held_out.features),
    )
    trees = lightgbm.train(
        PARAMETERS | {"seed": seed},
        known,
        TREES_AT_MOST,
        valid_sets=[unseen],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )
    # Read back from its text, so that what is measured now is to the last bit what will be loaded.
    return lightgbm.Booster(model_str=trees.model_to_string(num_iteration=trees.best_iteration))


def raw_scores(trees: "Booster", features: np.ndarray) -> np.ndarray:
    return trees.predict(features, raw_score=True, num_threads=1)


def slope_of(log_odds: np.ndarray, happened: np.ndarray, weight: np.ndarray) -> float:
    """That of Platt scaling (1999), drawn towards (1, 0), where it stays without examples."""
    from scipy.optimize import minimize

    def loss(parameters: np.ndarray) -> float:
        scaled = parameters[0] * log_odds + parameters[1]
        errors = np.logaddexp(0, np.where(happened, -scaled, scaled))
        return float(weight @ errors + (parameters[0] - 1) ** 2 + parameters[1] ** 2)

    slope, _ = minimize(loss, (1.0, 0.0), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-4}).x
    return round(float(slope), 4)


def level_of(log_odds: np.ndarray, happened: np.ndarray, weight: np.ndarray) -> float:
    """What to add for as much to be promised as happened: where Platt's loss is least, drawn towards 0 as there."""
    from scipy.optimize import brentq

    def loss_slope(intercept: float) -> float:
        return float(weight @ (logistic(log_odds + intercept) - happened) + 2 * intercept)

    furthest = weight.sum() / 2 + 1
    return round(brentq(loss_slope, -furthest, furthest), 4)
