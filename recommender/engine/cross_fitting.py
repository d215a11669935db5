"""Cross-fitting: what is fitted to all examples, and again without those of each part of the clients, which judge it.

Examples of one client look alike, so that they are left out together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

PARTS = 3
IN_ALL = -1  # instead of a part: examples that nothing is fitted without

Fitted = TypeVar("Fitted")


def parts_of(clients: int, seed: int) -> np.ndarray:
    """(C,) int8 from 0 to PARTS - 1: the part that each client belongs to; all of the same size, to one client."""
    # A stream of its own: what is asked of the clients is drawn from one that begins with the seed alone.
    return np.random.default_rng((seed, PARTS)).permutation(np.arange(clients) % PARTS).astype(np.int8)


@dataclass(frozen=True, slots=True)
class CrossFitted(Generic[Fitted]):
    """`whole` is fitted to all examples, `without[i]` to those that are not of part i."""

    whole: Fitted
    without: tuple[Fitted, ...]

    @classmethod
    def together(cls, build: Callable[..., Fitted], *pieces: "CrossFitted") -> "CrossFitted[Fitted]":
        """`build` puts one together from its pieces."""
        return cls(
            build(*(piece.whole for piece in pieces)),
            tuple(build(*some) for some in zip(*(piece.without for piece in pieces), strict=True)),
        )

    def unseen(self, part: np.ndarray, predict: Callable[[Fitted, np.ndarray], np.ndarray]) -> np.ndarray:
        """(R,) float64: of each row what is predicted by what was fitted without its part; NaN for IN_ALL.

        Args:
            part: (R,) int8.
            predict: from one of `without` and the rows ((R,) bool) to predict for.
        """
        found = np.full(len(part), np.nan)
        for fitted, rows in self.left_out(part):
            found[rows] = predict(fitted, rows)
        return found

    def left_out(self, part: np.ndarray) -> Iterator[tuple[Fitted, np.ndarray]]:
        """Each of `without`, with the rows ((R,) bool) that it never saw."""
        return ((fitted, part == number) for number, fitted in enumerate(self.without))
