"""What was last answered about a client and a product: features of what became of earlier suggestions."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.history import pair_codes
from recommender.engine.questions import ranges

MEMORY_DAYS = 90.0  # from then on an answer about a client's product is forgotten
ANSWERS = ("days since accepted", "days since rejected")


@dataclass(frozen=True, slots=True)
class ClientAnswers:
    """N answers, sorted by client, product and day.

    client, product  (N,) int32    codes of a history or a batch
    day              (N,) float64  days since 1970-01-01 UTC of the answer
    accepted         (N,) bool
    """

    client: np.ndarray
    product: np.ndarray
    day: np.ndarray
    accepted: np.ndarray

    @classmethod
    def sorted(cls, client: np.ndarray, product: np.ndarray, day: np.ndarray, accepted: np.ndarray) -> "ClientAnswers":
        order = np.lexsort((day, product, client))
        return cls(client[order].astype(np.int32), product[order].astype(np.int32), day[order], accepted[order])

    def of(self, clients: np.ndarray) -> "ClientAnswers":
        """The answers of `clients[i]` as those of client i; a client may stand there often."""
        first, stop = (np.searchsorted(self.client, clients, side) for side in ("left", "right"))
        rows, owner = ranges(first, stop), np.repeat(np.arange(len(clients), dtype=np.int32), stop - first)
        return ClientAnswers(owner, self.product[rows], self.day[rows], self.accepted[rows])

    def days_since(self, client: np.ndarray, product: np.ndarray, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """((R,) days since accepted, (R,) days since rejected): of the last answer up to `now` ((R,) float64).

        NaN where it was the other one, is MEMORY_DAYS old, or where there is none.
        """
        accepted, rejected = np.full((2, len(client)), np.nan)
        if not len(self.day):
            return accepted, rejected
        products = int(max(self.product.max(), product.max(initial=0))) + 1
        # Sorted by pair, then day, as these complex numbers are.
        given = pair_codes(self.client, self.product, products) + 1j * self.day
        wanted = pair_codes(client, product, products)
        last = np.searchsorted(given, wanted + 1j * now, side="right") - 1
        days = now - self.day[last]
        known = (last >= 0) & (given.real[last] == wanted) & (days < MEMORY_DAYS)
        accepted[known & self.accepted[last]] = days[known & self.accepted[last]]
        rejected[known & ~self.accepted[last]] = days[known & ~self.accepted[last]]
        return accepted, rejected


NO_ANSWERS = ClientAnswers(*(np.zeros(0, dtype) for dtype in (np.int32, np.int32, float, bool)))
