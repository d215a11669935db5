"""Units a client will take of a product within a horizon, as a distribution that is mostly zero.

A compound: whether the client buys it at all; how many purchases follow the first; how many units each
takes. The first is the model's probability, so that a forecast and its confidence say the same.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from recommender.engine.purchases import Purchases, last_values
from recommender.engine.quantities import DECAY, RECENT_QUANTITIES

SETTLING_DAYS = 30.0  # added to the time since the first purchase: a product bought yesterday is not bought daily
POOLED_POINTS = ndtri((np.arange(7) + 0.5) / 7)  # of a normal distribution, equally probable
LEAST_LEFT = 1e-3  # no purchase is so sure that this probability is not left
LEAST_PURCHASES = 1e-6  # expected; below that nothing is told apart
GRID = 512  # cells; a total is held to 1/512 of the largest that is thought of
TAIL = 10  # standard deviations above the mean: what lies beyond would fall on the grid's low end
LEVEL = 0.8  # of the intervals shown, at least
DECIMALS = 9  # what is below that differs by machine


@dataclass(frozen=True, slots=True)
class Blend:
    """How a number of purchases follows from two estimates of it: level x by_head^head x by_rate^rate.

    A power of 1 takes an estimate at its word, above that where it is great more than where it is small. That
    was learned of estimates whose powers make up to `most`; beyond it the number grows no faster than they do.
    """

    level: float
    head: float
    rate: float
    most: float = 1e9  # of a model that did not learn it

    def powers(self, by_head: np.ndarray, by_rate: np.ndarray) -> np.ndarray:
        return np.maximum(by_head, LEAST_PURCHASES) ** self.head * np.maximum(by_rate, LEAST_PURCHASES) ** self.rate

    def of(self, by_head: np.ndarray, by_rate: np.ndarray) -> np.ndarray:
        powers = self.powers(by_head, by_rate)
        beyond = np.maximum(powers / self.most, 1) ** (1 / max(self.head + self.rate, 1))
        return self.level * np.minimum(powers, self.most) * beyond


@dataclass(frozen=True, slots=True)
class DemandHabits:
    """What a history teaches about demand beyond the probability of a purchase.

    further        how the purchases after the first within `days` follow from the probability of one, and from the
                   client's own rate
    further_shape  of their negative binomial distribution: the smaller, the more they differ
    days           that this was learned from, the model's horizon at most
    pooled_weight  of the quantities the client might take, against its last purchase with weight 1
    spread         standard deviation of the logarithm of those quantities about the usual one
    """

    further: Blend = Blend(1.0, 0.5, 0.5)
    further_shape: float = 5.0
    days: float = 28.0
    pooled_weight: float = 1.0
    spread: float = 0.6

    def to_json(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "DemandHabits":
        return cls(**data | {"further": Blend(**data["further"])})


@dataclass(frozen=True, slots=True)
class Demand:
    """Of R pairs of a client and product.

    probability  (R,) float64     of one purchase or more
    further      (R,) float64     purchases expected after the first, if there is one
    units        (R, K) float64   units that a purchase may take
    weights      (R, K) float64   how probable each is; rows sum to 1
    shape        of the distribution of further purchases
    """

    probability: np.ndarray
    further: np.ndarray
    units: np.ndarray
    weights: np.ndarray
    shape: float

    @property
    def expected(self) -> np.ndarray:
        """(R,) float64 units of the whole horizon."""
        return self.probability * (1 + self.further) * (self.units * self.weights).sum(axis=1)

    def of(self, rows: np.ndarray) -> "Demand":
        return Demand(self.probability[rows], self.further[rows], self.units[rows], self.weights[rows], self.shape)

    def totals(self) -> tuple[np.ndarray, np.ndarray]:
        """((R,) cell, (R, GRID) float64 cumulated): the probability of i cells of units or fewer.

        Cells are powers of two, so that whole units lie on whole cells where the totals are below GRID.
        Other units go to the two cells about them, in such shares that their mean stays what it is. The
        convolution is exact on the cells: a product of Fourier transforms, by the purchases' generating
        function.
        """
        mean = (self.units * self.weights).sum(axis=1)
        square = (self.units**2 * self.weights).sum(axis=1)
        # Second moment of the total of a first purchase and the further ones, whose number varies.
        further_variance = self.further * (1 + self.further / self.shape)
        variance = (1 + self.further) * (square - mean**2) + further_variance * mean**2
        reach = (1 + self.further) * mean + TAIL * np.sqrt(variance.clip(0)) + self.units.max(axis=1, initial=1e-3)
        cell = 2.0 ** np.ceil(np.log2(reach / (GRID - 2)))  # both cells about the largest units are on the grid
        above, below = np.modf(self.units / cell[:, None])
        at = np.arange(len(cell))[:, None] * GRID + below.astype(np.int64)
        one = np.bincount(at.ravel(), (self.weights * (1 - above)).ravel(), len(cell) * GRID)
        one += np.bincount(at.ravel() + 1, (self.weights * above).ravel(), len(cell) * GRID)
        one = one.reshape(len(cell), GRID)
        of_one = np.fft.rfft(one)
        spread = (self.further / self.shape)[:, None]
        bought = of_one * (1 + spread * (1 - of_one)) ** -self.shape
        mass = np.fft.irfft(bought, GRID) * self.probability[:, None]
        mass[:, 0] += 1 - self.probability
        return cell, np.cumsum(mass, axis=1).round(DECIMALS)

    def quantiles(self, levels: tuple[float, ...]) -> np.ndarray:
        """(R, len(levels)) float64: the fewest units that are not exceeded with the probabilities `levels`."""
        cell, reached = self.totals()
        return np.column_stack([np.argmax(reached >= level, axis=1) * cell for level in levels])

    def intervals(self, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(low, high, held), each (R,): bounds of the units, and the probability that they hold them.

        Units come in leaps, so that `held` is `level` or more: what is hardly ever bought has bounds of
        zero that hold it nearly always. The bounds always hold the expected units too.
        """
        cell, reached = self.totals()
        low, high = (np.argmax(reached >= at, axis=1) for at in ((1 - level) / 2, (1 + level) / 2))
        expected = self.expected
        rows = np.arange(len(cell))
        upper = np.maximum(high * cell, expected)
        up_to = np.maximum(high, np.floor(expected / cell).astype(np.int64)).clip(max=GRID - 1)
        below = np.where(low > 0, reached[rows, np.maximum(low - 1, 0)], 0.0)
        return np.minimum(low * cell, expected), upper, (reached[rows, up_to] - below).clip(0, 1)


def expected_purchases(probability: np.ndarray) -> np.ndarray:
    """Of a Poisson process that has one or more with this probability."""
    return -np.log1p(-np.clip(probability, LEAST_PURCHASES, 1 - LEAST_LEFT))


def demand_of(
    purchases: Purchases,
    line_quantity: np.ndarray,
    usual: np.ndarray,
    probability: np.ndarray,
    further: np.ndarray,
    habits: DemandHabits,
) -> Demand:
    """What clients will take of what they bought, from how probable that is and from their last quantities.

    Args:
        purchases: R rows.
        line_quantity: (L,) units of the history's lines.
        usual: (R,) units that the client would take now.
        probability, further: (R,) float64, as of `horizons.Foretold`.
    """
    recent = last_values(line_quantity[purchases.line], purchases.start, purchases.stop, RECENT_QUANTITIES)
    units, weights = quantities(recent, usual, habits)
    return Demand(np.minimum(probability, 1 - LEAST_LEFT), further, units, weights, habits.further_shape)


def all_purchases(expected: np.ndarray, own_rate: np.ndarray, habits: DemandHabits) -> np.ndarray:
    """(R,) float64: purchases in `habits.days`, the first and those after it; arguments as of `further_purchases`."""
    return -np.expm1(-expected) * (1 + further_purchases(expected, own_rate, habits.further))


def own_purchases(purchases: Purchases, now: np.ndarray, days: float | np.ndarray) -> np.ndarray:
    """(R,) float64: purchases in `days` at the client's own average rate."""
    return days * purchases.orders / (now - purchases.first_day + SETTLING_DAYS)


def beyond_first(purchases: np.ndarray) -> np.ndarray:
    """Purchases after the first, given one, of a Poisson process that has so many in the mean."""
    purchases = np.maximum(purchases, LEAST_PURCHASES)
    return -purchases / np.expm1(-purchases) - 1


def further_purchases(expected: np.ndarray, own_rate: np.ndarray, blend: Blend) -> np.ndarray:
    """(R,) float64, from the purchases of a Poisson process and those of the client's own rate (`own_purchases`)."""
    return blend.of(beyond_first(expected), beyond_first(own_rate))


def quantities(recent: np.ndarray, usual: np.ndarray, habits: DemandHabits) -> tuple[np.ndarray, np.ndarray]:
    """((R, K) units, (R, K) weights) of one purchase: the client's last ones, and some about the usual.

    Args:
        recent: (R, RECENT_QUANTITIES) the latest first, NaN where there are fewer.
    """
    known = ~np.isnan(recent)
    pooled = usual[:, None] * np.exp(habits.spread * POOLED_POINTS)
    whole = (~known | (recent == np.floor(recent))).all(axis=1)
    pooled = np.where(whole[:, None], np.maximum(pooled.round(), 1), pooled)
    weights = np.hstack(
        [
            known * DECAY ** np.arange(recent.shape[1]),
            np.full(pooled.shape, habits.pooled_weight / len(POOLED_POINTS)),
        ]
    )
    units = np.hstack([np.where(known, recent, usual[:, None]), pooled])
    return units, weights / weights.sum(axis=1, keepdims=True)
