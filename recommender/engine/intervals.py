"""How far a figure could be off, had other clients been judged: bootstrap over clients."""

from dataclasses import dataclass

import numpy as np

DRAWS = 1000


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
        parts = np.column_stack([top, bottom]).astype(float)
        sums = np.vstack([parts.sum(axis=0), self.times_drawn @ parts])
        drawn = np.divide(sums[:, 0], sums[:, 1], out=np.full(len(sums), np.nan), where=sums[:, 1] > 0) - less
        if np.isnan(drawn[1:]).all():
            return Estimate(float(drawn[0]), np.nan, np.nan)
        return Estimate(float(drawn[0]), *(float(q) for q in np.nanquantile(drawn[1:], (0.025, 0.975))))
