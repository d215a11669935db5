"""Whether forecasts of units hold: client by client, product by product, over the days after the cut."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.best import ranks_within
from recommender.engine.bootstrap import Bootstrap, Estimate
from recommender.engine.demand import LEVEL, Demand, demand_of
from recommender.engine.demand_fitting import quantile_loss
from recommender.engine.metrics import LIST_LENGTH
from recommender.engine.model import Model
from recommender.evaluation.later_orders import KnownAtCut, LaterOrders
from recommender.evaluation.lists import OURS

LAST_DAYS = "as in the last days"
NOTHING = "nothing at all"
QUANTILES = ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2)
LIKELY = 0.2
BATCH_PAIRS = 5_000  # bounds the memory that the convolutions take


@dataclass(frozen=True, slots=True)
class DemandGroup:
    """Forecasts for some pairs of a client and a product.

    promised, bought    mean probability of a purchase, and the share bought
    units               foretold, as a multiple of those that came
    level, coverage     mean level that the intervals say, and the share of them that held
    gap                 coverage less level
    losses              method -> scaled pinball loss
    difference          our loss less that of LAST_DAYS
    """

    about: str
    pairs: int
    promised: Estimate
    bought: Estimate
    units: Estimate
    level: Estimate
    coverage: Estimate
    gap: Estimate
    losses: dict[str, Estimate]
    difference: Estimate


@dataclass(frozen=True, slots=True)
class DemandBacktest:
    days: float
    groups: list[DemandGroup]


def demand_backtests(at_cut: KnownAtCut, later: LaterOrders, model: Model, seed: int) -> list[DemandBacktest]:
    """Over the usual horizon and over a week, where that is shorter; those left out that the history ends before."""
    return [demand_backtest(at_cut, later, model, days, seed) for days in at_cut.foretold if days <= later.days]


def demand_backtest(at_cut: KnownAtCut, later: LaterOrders, model: Model, days: float, seed: int) -> DemandBacktest:
    own, now, foretold = at_cut.purchases, at_cut.now, at_cut.foretold[days]
    probability = foretold.probability
    demand = demand_of(own, at_cut.history.line_quantity, at_cut.usual, probability, foretold.further, model.demand)
    actual = later.units(own.client, own.product, days)
    held, level, quantiles = in_batches(demand, actual)
    lately = own.sums(
        at_cut.history.line_quantity[own.line] * (at_cut.history.line_day[own.line] >= now - days)
    )  # fmt: skip
    losses = {
        OURS: scaled_loss(actual, quantiles, at_cut.usual),
        LAST_DAYS: scaled_loss(actual, lately[:, None], at_cut.usual),
        NOTHING: scaled_loss(actual, np.zeros((len(actual), 1)), at_cut.usual),
    }
    bootstrap = Bootstrap(own.clients, seed)
    groups = {
        "all products that clients had bought": np.ones(len(actual), bool),
        f"the {LIST_LENGTH} most probable of each client": ranks_within(own.client, probability) < LIST_LENGTH,
        f"products {LIKELY:.0%} or more likely": probability >= LIKELY,
    }

    def group(about: str, chosen: np.ndarray) -> DemandGroup:
        count = np.bincount(own.client[chosen], minlength=own.clients)

        def total(values: np.ndarray) -> np.ndarray:
            return np.bincount(own.client[chosen], values[chosen], own.clients)

        def mean(values: np.ndarray) -> Estimate:
            return bootstrap.ratio(total(values), count)

        return DemandGroup(
            about=about,
            pairs=int(chosen.sum()),
            promised=mean(probability),
            bought=mean(actual > 0),
            units=bootstrap.ratio(total(demand.expected), total(actual)),
            level=mean(level),
            coverage=mean(held),
            gap=mean(held - level),
            losses={name: mean(values) for name, values in losses.items()},
            difference=mean(losses[OURS] - losses[LAST_DAYS]),
        )

    return DemandBacktest(days, [group(about, chosen) for about, chosen in groups.items()])


def in_batches(demand: Demand, actual: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """((R,) whether the interval held, (R,) its level, (R, len(QUANTILES)))."""
    held, levels, quantiles = [np.zeros(0, bool)], [np.zeros(0)], [np.zeros((0, len(QUANTILES)))]
    for start in range(0, len(actual), BATCH_PAIRS):
        rows = np.arange(start, min(start + BATCH_PAIRS, len(actual)))
        some = demand.of(rows)
        low, high, level = some.intervals(LEVEL)
        held.append((actual[rows] >= low) & (actual[rows] <= high))
        levels.append(level)
        quantiles.append(some.quantiles(QUANTILES))
    return np.concatenate(held), np.concatenate(levels), np.concatenate(quantiles)


def scaled_loss(actual: np.ndarray, forecast: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """(R,) mean pinball loss over QUANTILES, as a share of what the client usually takes at once.

    Args:
        forecast: (R, len(QUANTILES)), or (R, 1) for a forecast of one figure.
    """
    return quantile_loss(actual, forecast, QUANTILES).mean(axis=1) / usual
