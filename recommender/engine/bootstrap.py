"""How far a figure could be off, had other clients been judged: bootstrap over clients."""

from dataclasses import dataclass

import numpy as np

DRAWS = 1000
FEWEST_CLIENTS = 20  # below that the interval of a mean says little


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95% interval; NaN where there is nothing to reckon it from."""

    value: float
    low: float
    high: float


class Bootstrap:
    """The percentile bootstrap (Efron, 1979) over C clients.

    Every figure is reckoned on the same draws, so that a difference of two is paired. Memory: DRAWS x C x 8 bytes.
    """

    def __init__(self, clients: int, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.times_drawn = np.zeros((DRAWS, clients))
        for draw in self.times_drawn:
            draw += np.bincount(random.integers(max(clients, 1), size=clients), minlength=clients)

    def mean(self, values: np.ndarray) -> Estimate:
        """Of (C,) values; a client whose value is NaN does not count."""
        known = ~np.isnan(values)
        return self.ratio(np.where(known, values, 0), known)

    def ratio(self, top: np.ndarray, bottom: np.ndarray, less: float = 0) -> Estimate:
        """Of the sums of (C,) and (C,), minus `less`: 1 makes a lift of it."""
        return estimate(self.ratios(top, bottom) - less)

    def difference(self, one: np.ndarray, other: np.ndarray) -> Estimate:
        """Of the means of two groups of the clients: (C,) values each, NaN where a client is not of that group."""
        means = [self.ratios(np.where(np.isnan(values), 0, values), ~np.isnan(values)) for values in (one, other)]
        return estimate(means[0] - means[1])

    def ratios(self, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
        """(1 + DRAWS,) ratios of the sums: of the clients as they are, then of each draw."""
        parts = np.column_stack([top, bottom]).astype(float)
        sums = np.vstack([parts.sum(axis=0), self.times_drawn @ parts])
        return np.divide(sums[:, 0], sums[:, 1], out=np.full(len(sums), np.nan), where=sums[:, 1] > 0)


def estimate(drawn: np.ndarray) -> Estimate:
    """Of (1 + DRAWS,) values, the first of which is the figure itself."""
    if np.isnan(drawn[1:]).all():
        return Estimate(float(drawn[0]), np.nan, np.nan)
    return Estimate(float(drawn[0]), *(float(q) for q in np.nanquantile(drawn[1:], (0.025, 0.975))))
