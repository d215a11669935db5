"""What each client buys: from which day until which, how often, and for how much money."""

from dataclasses import dataclass, fields, replace

import numpy as np

from recommender.demo_history.catalogue import Catalogue
from recommender.demo_history.clients import Clientele

STAPLES, NOVELTIES = 15, 30  # items a client, on average; those best to its taste are its staples
KEPT_SHARE = 0.2  # of the novelties; the others are bought once or twice
UPGRADED_SHARE = 0.06
MONEY_A_LINE = 42.0
CHAIN_LIKENESS = 0.6  # share of a branch's taste that is its chain's


@dataclass(frozen=True)
class Habits:
    """N habits; one is a client that buys a product again and again.

    client, product        (N,) int
    since, until           (N,) float   days; until is exclusive
    interval_days          (N,) float   how long a delivery lasts
    money                  (N,) float   list price of what is bought at once
    """

    client: np.ndarray
    product: np.ndarray
    since: np.ndarray
    until: np.ndarray
    interval_days: np.ndarray
    money: np.ndarray

    def __len__(self) -> int:
        return len(self.client)

    def where(self, keep: np.ndarray) -> "Habits":
        return Habits(*(getattr(self, field.name)[keep] for field in fields(self)))

    def __add__(self, other: "Habits") -> "Habits":
        return Habits(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))


def invent_habits(clientele: Clientele, catalogue: Catalogue, random: np.random.Generator, days: int) -> Habits:
    """Choose what clients buy, by kitchen, segment and popularity; then let sizes and products change."""
    client, item, is_novelty = _chosen_items(clientele, catalogue, random)
    count = len(client)
    larger = random.random(count) < 0.25 + 0.25 * np.tanh(np.log(clientele.size[client]))
    product = 2 * item + larger
    stay = days - clientele.first_day[client]
    since = clientele.first_day[client] + is_novelty * random.random(count) * stay
    tried = is_novelty & (random.random(count) >= KEPT_SHARE)
    turn = catalogue.turn_days[product] * random.lognormal(0.75, 0.6, count)
    habits = Habits(
        client=client,
        product=product,
        since=np.maximum(since, catalogue.launched[product]),
        until=np.where(tried, since + 1.3 * np.maximum(turn, clientele.cycle_days[client]), np.inf),
        interval_days=turn,
        money=MONEY_A_LINE * clientele.size[client] * random.lognormal(0, 0.5, count),
    )
    return _with_replacements(_with_upgrades(habits, random, days), catalogue)


def _chosen_items(
    clientele: Clientele, catalogue: Catalogue, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N,) client, (N,) item, (N,) whether it is a novelty. Weighted sampling without replacement, by Gumbel noise."""
    first_size = slice(None, None, 2)
    of_themes = catalogue.themes[first_size]
    theme_fit = np.where(of_themes.any(axis=1), 0.08 + 4 * (clientele.themes @ of_themes.T), 0.7)
    weight = theme_fit * clientele.leaning[:, catalogue.category[first_size]] * catalogue.popularity[first_size]
    noise = random.gumbel(size=weight.shape)
    taste_of_chain = random.gumbel(size=(clientele.chain.max() + 2, weight.shape[1]))[clientele.chain]
    in_chain = (clientele.chain >= 0)[:, None]
    noise = np.where(in_chain, CHAIN_LIKENESS * taste_of_chain + (1 - CHAIN_LIKENESS) * noise, noise)
    staples = np.clip(random.poisson(STAPLES, len(clientele)), 5, None)
    wanted = np.minimum(staples + random.poisson(NOVELTIES, len(clientele)), weight.shape[1])
    ranking = np.argsort(-(np.log(weight) + noise), axis=1, kind="stable")
    client = np.repeat(np.arange(len(clientele)), wanted)
    rank = np.arange(len(client)) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    return client, ranking[client, rank], rank >= staples[client]


def _with_upgrades(habits: Habits, random: np.random.Generator, days: int) -> Habits:
    """Some clients go over to the larger size of a product at some time, and buy it less often."""
    upgraded = (random.random(len(habits)) < UPGRADED_SHARE) & (habits.product % 2 == 0)
    day = random.uniform(0.2, 0.8, len(habits)) * days
    before = replace(habits, until=np.where(upgraded, np.minimum(habits.until, day), habits.until))
    after = replace(
        habits,
        product=habits.product + 1,
        since=np.maximum(habits.since, day),
        interval_days=habits.interval_days * 1.5,
        money=habits.money * 1.7,
    )
    return before + after.where(upgraded)


def _with_replacements(habits: Habits, catalogue: Catalogue) -> Habits:
    """A product that goes is bought no more; what replaces it is bought instead."""
    gone, replaced_by = catalogue.gone[habits.product], catalogue.replaced_by[habits.product]
    before = replace(habits, until=np.minimum(habits.until, gone))
    after = replace(habits, product=replaced_by, since=np.maximum(habits.since, gone))
    return before + after.where(replaced_by >= 0)
