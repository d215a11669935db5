"""What the last days of a history teach about demand: pace, repetition and quantities.

Of all clients: a handful of figures does not fit itself to any of them.
"""

from dataclasses import dataclass, replace

import numpy as np

from recommender.engine.asking import Asked
from recommender.engine.demand import (
    LEAST_PURCHASES,
    Blend,
    DemandHabits,
    beyond_first,
    own_purchases,
    quantities,
)
from recommender.engine.history import OrderHistory, pair_codes
from recommender.engine.horizons import Horizons
from recommender.engine.knowledge import group_medians
from recommender.engine.purchases import last_values
from recommender.engine.quantities import RECENT_QUANTITIES, usual_quantities, weighted_quantiles
from recommender.engine.questions import Questions, purchases_within

DOUBT_PURCHASES = 50.0  # a pace is drawn to 1 as if so many had come as expected
SLOWEST, FASTEST = 0.5, 2.0
FEWEST = 30  # examples to fit anything to
DRAW = 1.0  # weight of what was thought before, as of an example or two
QUANTITY_EXAMPLES = 5000
QUANTILES = (0.1, 0.5, 0.9)
POOLED_WEIGHTS = (0.25, 0.5, 1.0, 2.0, 4.0)
SPREADS = (0.2, 0.4, 0.6, 0.8, 1.0, 1.3)
SHAPES = tuple(np.geomspace(0.25, 64, 17).round(3).tolist())


@dataclass(frozen=True, slots=True)
class Followed:
    """Pairs of a client and a product it bought, and what came of them in the days after.

    expected     (R,) float64  purchases expected of a Poisson process
    own_rate     (R,) float64  purchases at the client's own rate
    count        (R,) int64    purchases that came
    units        (R,) float64  units they took
    recent       (R, RECENT_QUANTITIES)  units of the purchases before, the latest first
    usual        (R,) float64  units usual before
    """

    expected: np.ndarray
    own_rate: np.ndarray
    count: np.ndarray
    units: np.ndarray
    recent: np.ndarray
    usual: np.ndarray


def fit_demand(history: OrderHistory, asked: Asked, horizons: Horizons, days: float) -> tuple[Horizons, DemandHabits]:
    """(the horizons with the pace of the last days, the habits).

    Args:
        asked: about the last `days` of the history, which are among those of `horizons`.
    """
    questions, candidates, own = asked.questions, asked.candidates, asked.candidates.purchases
    rows = ~candidates.is_new  # in the order of `own`
    features, is_new = candidates.features[rows], candidates.is_new[rows]
    bought = came_of(history, questions, own.client, own.product, days)[0] > 0
    horizons = replace(horizons, pace=pace_of(horizons, features, is_new, bought, days))
    line_quantity = questions.history.line_quantity[own.line]
    recent = last_values(line_quantity, own.start, own.stop, RECENT_QUANTITIES)
    usual = usual_before(history, asked)

    def followed(span: float) -> Followed:
        count, units = came_of(history, questions, own.client, own.product, span)
        expected = horizons.expected_within(horizons.expected_at_spans(features, is_new, span), span)
        own_rate = own_purchases(own, questions.now[own.client], span)
        return Followed(expected, own_rate, count, units, recent, usual)

    parts = [followed(span) for span in horizons.days if span <= days]
    return horizons, fit_quantities(parts[-1], fit_further(parts, DemandHabits(days=days)))


def usual_before(history: OrderHistory, asked: Asked) -> np.ndarray:
    """(R,) float64: units usual of each product bought before, by what was known when the first question was asked."""
    before = history.where(history.order_day < asked.questions.now.min(initial=np.inf))
    typical = group_medians(before.line_product, before.line_quantity, len(history.products))
    return usual_quantities(asked.questions.history, asked.candidates.purchases, typical)


def pace_of(horizons: Horizons, features: np.ndarray, is_new: np.ndarray, bought: np.ndarray, days: float) -> float:
    """Purchases within the last `days` ((R,) bool), as a multiple of what the horizon's heads expected."""
    probability = horizons.heads.probability(features, is_new)
    expected = 1 - (1 - probability) ** (days / horizons.longest)
    pace = (bought.sum() + DOUBT_PURCHASES) / (expected.sum() + DOUBT_PURCHASES)
    return round(float(np.clip(pace, SLOWEST, FASTEST)), 4)


def came_of(
    history: OrderHistory, questions: Questions, client: np.ndarray, product: np.ndarray, days: float
) -> tuple[np.ndarray, np.ndarray]:
    """((R,) int64 orders, (R,) float64 units) of each pair of a question and a product in the `days` after it."""
    pair, count, units = purchases_within(history, questions, days)
    mine = pair_codes(client, product, len(history.products))
    if not len(pair):
        return np.zeros(len(mine), np.int64), np.zeros(len(mine))
    at = np.searchsorted(pair, mine).clip(max=len(pair) - 1)
    return np.where(pair[at] == mine, count[at], 0), np.where(pair[at] == mine, units[at], 0.0)


def fit_further(parts: list[Followed], habits: DemandHabits) -> DemandHabits:
    """How many purchases follow a first one: their mean by Poisson likelihood, then their shape.

    `parts` are of the same pairs, after fewer and more days.
    """
    bought = [part.count > 0 for part in parts]
    if bought[-1].sum() < FEWEST:
        return habits
    # Here, because it takes long to import and nothing but training needs it.
    from scipy.stats import nbinom

    by_head = np.concatenate([beyond_first(part.expected[some]) for part, some in zip(parts, bought, strict=True)])
    by_rate = np.concatenate([beyond_first(part.own_rate[some]) for part, some in zip(parts, bought, strict=True)])
    further = np.concatenate([part.count[some] - 1 for part, some in zip(parts, bought, strict=True)])
    blend = fitted_blend(habits.further, by_head, by_rate, further)
    mean = blend.of(by_head, by_rate)
    likelihood = [nbinom.logpmf(further, shape, shape / (shape + mean)).sum() for shape in SHAPES]
    return replace(habits, further=blend, further_shape=SHAPES[int(np.argmax(likelihood))])


def fitted_blend(prior: Blend, by_head: np.ndarray, by_rate: np.ndarray, count: np.ndarray) -> Blend:
    """A Poisson regression (McCullagh and Nelder, 1989) of `count` on the logarithms of two estimates of it.

    Drawn towards `prior`; an estimate never counts against itself. The FEWEST greatest say how far it was learned.
    """
    from scipy.optimize import minimize

    start = np.array([np.log(prior.level), prior.head, prior.rate])
    estimates = np.maximum([by_head, by_rate], LEAST_PURCHASES)
    logs = np.column_stack([np.ones(len(count)), *np.log(estimates)])

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """And its slope."""
        mean, drawn = np.exp(logs @ parameters), parameters - start
        return (
            float(mean.sum() - count @ (logs @ parameters) + DRAW * drawn @ drawn),
            (mean - count) @ logs + 2 * DRAW * drawn,
        )

    at_least_zero = [(None, None), (0, None), (0, None)]
    level, head, rate = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=at_least_zero).x.tolist()
    blend = Blend(round(float(np.exp(level)), 4), round(head, 4), round(rate, 4))
    return replace(blend, most=float(f"{np.sort(blend.powers(by_head, by_rate))[-FEWEST]:.4g}"))


def fit_quantities(followed: Followed, habits: DemandHabits) -> DemandHabits:
    """How far to believe the client's last quantities, by the quantile loss of single purchases."""
    single = np.flatnonzero((followed.count == 1) & ~np.isnan(followed.usual))[:QUANTITY_EXAMPLES]
    if len(single) < FEWEST:
        return habits
    units, usual, recent = followed.units[single], followed.usual[single], followed.recent[single]
    tried = [replace(habits, pooled_weight=weight, spread=spread) for weight in POOLED_WEIGHTS for spread in SPREADS]
    losses = [
        np.mean(quantile_loss(units, weighted_quantiles(*quantities(recent, usual, each), QUANTILES), QUANTILES)
                / usual[:, None])
        for each in tried
    ]  # fmt: skip
    return tried[int(np.argmin(losses))]


def quantile_loss(actual: np.ndarray, forecast: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """(R, Q) the pinball loss of (R, Q) forecasts at Q levels for (R,) actual figures (Koenker and Bassett, 1978)."""
    error = actual[:, None] - forecast
    return np.maximum(np.array(levels) * error, (np.array(levels) - 1) * error)
