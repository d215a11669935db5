"""How probable a purchase is within any number of days, from heads that were asked about a few."""

from bisect import bisect_left
from dataclasses import dataclass, fields

import numpy as np

from recommender.engine.demand import DemandHabits, all_purchases, expected_purchases, further_purchases
from recommender.engine.heads import Head, TwoHeads


@dataclass(frozen=True, slots=True)
class Foretold:
    """Of R pairs of a client and product.

    probability  (R,) float64  of one purchase or more
    further      (R,) float64  purchases expected after the first, if there is one
    """

    probability: np.ndarray
    further: np.ndarray

    @classmethod
    def together(cls, parts: list["Foretold"]) -> "Foretold":
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


@dataclass(frozen=True)
class Horizons:
    """Heads for a purchase within some numbers of days.

    days    ascending, the last one the model's horizon
    sooner  for each of the others, of what the client bought before; what is new to it comes evenly
    heads   for the horizon
    pace    purchases lately, as a multiple of what `heads` expected of those days: they were asked about moments a
            whole horizon ago
    """

    days: tuple[float, ...]
    sooner: tuple[Head, ...]
    heads: TwoHeads
    pace: float = 1.0

    @property
    def longest(self) -> float:
        return self.days[-1]

    def foretold(
        self, features: np.ndarray, is_new: np.ndarray, own_rate: np.ndarray, days: float, habits: DemandHabits
    ) -> Foretold:
        """Within `days`.

        Args:
            own_rate: (R,) float64, purchases in `habits.days` at the client's own rate (`own_purchases`).
        """
        at_spans = self.expected_at_spans(features, is_new, days)
        expected = self.expected_within(at_spans, days)
        probability = self.probability_of_any(expected, days)
        if days <= habits.days:
            return Foretold(probability, further_purchases(expected, own_rate * days / habits.days, habits.further))
        of_all = self.beyond_habits(at_spans, own_rate, days, habits)
        return Foretold(probability, np.maximum(of_all / probability - 1, 0))

    def expected_at_spans(self, features: np.ndarray, is_new: np.ndarray, days: float) -> list[np.ndarray]:
        """(R,) float64 for each number of days up to the first that is `days` or more: purchases expected within it.

        They are those of a Poisson process that has one with the heads' probability. More days never mean fewer,
        though heads are fitted apart.
        """
        asked = self.days[: bisect_left(self.days, days) + 1]
        found = np.empty((len(asked), len(features)))
        of_new = self.pace * expected_purchases(self.heads.explore.probability(features[is_new]))
        found[:, is_new] = np.outer(asked, of_new) / self.longest
        for position, head in enumerate((*self.sooner, self.heads.repeat)[: len(asked)]):
            pace = self.pace if head is self.heads.repeat else 1
            found[position, ~is_new] = pace * expected_purchases(head.probability(features[~is_new]))
        return list(np.maximum.accumulate(found))

    def expected_within(self, at_spans: list[np.ndarray], days: float) -> np.ndarray:
        """(R,) float64: purchases expected within `days`.

        Between two numbers of days they rise as a power of the days. Within fewer the probability grows evenly, and
        within more the purchases do.
        """
        place = bisect_left(self.days, days)
        if place == len(self.days):
            return at_spans[-1] * days / self.longest
        if place == 0:
            return expected_purchases(-np.expm1(-at_spans[0]) * days / self.days[0])
        fewer, more = at_spans[place - 1], at_spans[place]
        growth = np.log(more / fewer) / np.log(self.days[place] / self.days[place - 1])
        return fewer * (days / self.days[place - 1]) ** growth

    def beyond_habits(
        self, at_spans: list[np.ndarray], own_rate: np.ndarray, days: float, habits: DemandHabits
    ) -> np.ndarray:
        """(R,) float64: purchases within `days`, `habits.days` or more.

        What is known of repetition holds for those; the horizon is as many of them, one like the other, and means no
        fewer purchases. Between the two they rise as a power of the days, and beyond the horizon evenly.
        """
        times = self.longest / habits.days
        of_first = all_purchases(self.expected_within(at_spans, habits.days), own_rate, habits)
        of_longest = times * all_purchases(self.expected_within(at_spans, self.longest) / times, own_rate, habits)
        of_longest = np.maximum(of_longest, of_first)
        if days >= self.longest:
            return of_longest * days / self.longest
        return of_first * (of_longest / of_first) ** (np.log(days / habits.days) / np.log(times))

    def probability_of_any(self, expected: np.ndarray, days: float) -> np.ndarray:
        """(R,) float64: of one purchase or more within `days`, where so many are expected.

        Up to the model's horizon they are of a Poisson process. Beyond it they are those of the rate of now, which
        not every client keeps that looks alike: the odds rise evenly with the days, as where such rates are spread
        exponentially (Ehrenberg's negative binomial, Applied Statistics 1959, with a shape of 1).
        """
        beyond = max(days / self.longest, 1)
        odds = beyond * np.expm1(expected / beyond)
        return odds / (1 + odds)
