"""What reps answered to suggestions: how much more or less welcome a product is than its probability says.

Two things are made of it. `learn` fits, at training, an effect per product (and per product within a
segment) on the log odds of being accepted; `standing` turns it and the client's own last answers into
the weight by which a list is sorted. What an answer says of the purchases
that follow is another thing, which probabilities are learned from (`client_answers`).
"""

from dataclasses import dataclass

import numpy as np

from recommender.engine.acceptance import confidence_offsets, fitted_effects
from recommender.engine.client_answers import MEMORY_DAYS

REP_DAILY_WEIGHT = 20.0  # two lists of ten: who answers more in a day counts for more than that no further
PRODUCT_DAILY_WEIGHT = 1.0  # what one rep says of one product on one day is one opinion, of however many clients
LARGEST_EFFECT = 2.0  # log odds, a factor of 7: reps move a product up or down, what clients buy stays the ground
FULL_HOLD_DAYS = 30.0  # a rejected product is not shown at all: a rep who calls monthly is not asked twice in a row
ACCEPTED_BONUS = 0.7  # log odds, a factor of 2 at first: about what a preferred category gets at middling odds


@dataclass(frozen=True, slots=True)
class Answers:
    """N suggested lines that were answered.

    client, segment, rep, product  (N,) str      "" where a client has no segment
    day                            (N,) float64  days since 1970-01-01 UTC of the answer
    confidence                     (N,) float64  that the line was shown with
    accepted                       (N,) bool
    """

    client: np.ndarray
    segment: np.ndarray
    rep: np.ndarray
    product: np.ndarray
    day: np.ndarray
    confidence: np.ndarray
    accepted: np.ndarray


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a model has learned of answers; of none, nothing.

    effects    segment -> product -> log odds by which it is more welcome than its confidence says;
               under "" for all clients. What is not there has no effect.
    spread     standard deviation of the effects of clients, products, and products within segments,
               as fitted: 0 where they do not differ beyond chance
    """

    answers: int
    share: float | None
    spread: dict[str, float]
    effects: dict[str, dict[str, float]]

    def effect(self, segment: str, product: str) -> float:
        of_all = self.effects.get("", {}).get(product, 0.0)
        return self.effects.get(segment, {}).get(product, of_all)


NOTHING_LEARNED = Acceptance(answers=0, share=None, spread={}, effects={})


def learn(answers: Answers) -> Acceptance:
    """Fit the effects, in turn, each on top of the ones before: confidence, client, product, product in segment.

    The effect of a client keeps products that lenient reps were asked about from looking welcome; it
    is not kept, since it moves all products of a list alike.
    """
    count = len(answers.accepted)
    share = round(float(answers.accepted.mean()), 4) if count else None
    if not count or answers.accepted.all() or not answers.accepted.any():
        return Acceptance(count, share, {}, {})
    weight = capped_weights(answers)
    offset = confidence_offsets(answers.confidence, answers.accepted, weight)
    spread, effects = {}, {}
    in_segment = np.char.add(np.char.add(answers.segment, "\n"), answers.product)  # an id holds no line break
    for name, keys in (("clients", answers.client), ("products", answers.product), ("segments", in_segment)):
        names, group = np.unique(keys, return_inverse=True)
        fitted = fitted_effects(group, offset, answers.accepted, weight)
        offset = offset + fitted.effect[group]
        spread[name], effects[name] = fitted.spread, dict(zip(names.tolist(), fitted.effect.tolist(), strict=True))
    return Acceptance(count, share, spread, effects_by_segment(effects["products"], effects["segments"]))


def effects_by_segment(products: dict[str, float], in_segment: dict[str, float]) -> dict[str, dict[str, float]]:
    """As `Acceptance.effects`, bounded, to four decimals and without what is zero."""
    found = {"": {product: bounded(effect) for product, effect in products.items() if bounded(effect)}}
    for key, effect in in_segment.items():
        segment, _, product = key.rpartition("\n")
        if segment and effect:
            found.setdefault(segment, {})[product] = bounded(effect + products[product])
    return {segment: effects for segment, effects in found.items() if effects}


def bounded(effect: float) -> float:
    return round(min(max(effect, -LARGEST_EFFECT), LARGEST_EFFECT), 4)


def capped_weights(answers: Answers) -> np.ndarray:
    """(N,) float64 in (0, 1]: how much each answer counts, so that no rep's day bends what is learned."""
    _, rep = np.unique(answers.rep, return_inverse=True)
    _, product = np.unique(answers.product, return_inverse=True)
    _, rep_day = np.unique(np.column_stack([rep, np.floor(answers.day)]), axis=0, return_inverse=True)
    _, opinion = np.unique(np.column_stack([rep_day, product]), axis=0, return_inverse=True)
    weight = np.minimum(1, PRODUCT_DAILY_WEIGHT / np.bincount(opinion)[opinion])
    return weight * np.minimum(1, REP_DAILY_WEIGHT / np.bincount(rep_day, weight)[rep_day])


@dataclass(frozen=True, slots=True)
class Standing:
    """weight (R,) float64, by which lists are sorted; held_back (R,) bool, what may not be listed at all."""

    weight: np.ndarray
    held_back: np.ndarray


def standing(
    probability: np.ndarray, effect: np.ndarray, days_accepted: np.ndarray, days_rejected: np.ndarray
) -> Standing:
    """Where R products stand in their clients' lists. Without an answer or effect the weight is the probability.

    An effect and an acceptance move the odds; the acceptance fades over MEMORY_DAYS. A rejected
    product is held back for FULL_HOLD_DAYS; then its weight rises evenly from nothing to what it
    was, until MEMORY_DAYS.

    Args:
        probability, effect: (R,) float64, the effect in log odds.
        days_accepted, days_rejected: (R,) float64, days since the client's last answer, where it was
            that one, else NaN; below zero is as zero.
    """
    fading = np.nan_to_num(1 - days_accepted / MEMORY_DAYS).clip(0, 1)
    odds = np.exp(effect + ACCEPTED_BONUS * fading)
    weight = probability * odds / (1 - probability + probability * odds)
    returned = ((days_rejected - FULL_HOLD_DAYS) / (MEMORY_DAYS - FULL_HOLD_DAYS)).clip(0, 1)
    return Standing(
        weight=np.where(np.isnan(days_rejected), weight, weight * returned),
        held_back=days_rejected < FULL_HOLD_DAYS,
    )
