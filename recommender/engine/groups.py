"""What clients have in common before they order anything: their segment and their chain."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Attributes:
    """Of the C clients of a history or a batch.

    segment  (C,) str  "" where a client has none
    chain    (C,) str  external id of the parent client, "" where a client has none
    """

    segment: np.ndarray
    chain: np.ndarray

    def of(self, clients: np.ndarray) -> "Attributes":
        """The attributes of the clients at the given positions."""
        return Attributes(self.segment[clients], self.chain[clients])


def codes_in(names: np.ndarray, known: list[str]) -> np.ndarray:
    """(C,) int: the position of each name in `known`, -1 for one that is not there, as "" never is."""
    position = {name: code for code, name in enumerate(known)}
    return np.array([position.get(name, -1) for name in names.tolist()], dtype=np.int64)


def names_in_use(names: np.ndarray) -> list[str]:
    return sorted(set(names.tolist()) - {""})
