"""What the last days of a history teach about demand: pace, repetition and quantities.

Of all clients: a handful of figures does not fit itself to any of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from recommender.engine.asking import Asked
from recommender.engine.demand import (
    RECENT,
    Blend,
    DemandHabits,
    beyond_first,
    carried_over,
    expected_purchases,
    own_purchases,
    purchases_again,
    quantities,
)
from recommender.engine.heads import TwoHeads
from recommender.engine.history import OrderHistory
from recommender.engine.knowledge import group_medians
from recommender.engine.purchases import last_values
from recommender.engine.quantities import usual_quantities, weighted_quantiles
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
    own          (R,) float64  purchases at the client's own rate
    count        (R,) int64    purchases that came
    units        (R,) float64  units they took
    recent       (R, RECENT)   units of the purchases before, the latest first
    usual        (R,) float64  units usual before
    """

    expected: np.ndarray
    own: np.ndarray
    count: np.ndarray
    units: np.ndarray
    recent: np.ndarray
    usual: np.ndarray


def fit_demand(history: OrderHistory, asked: Asked, heads: TwoHeads, horizon_days: float, days: float) -> DemandHabits:
    """Args:
    asked: about the last `days` of the history.
    heads: for a purchase within `horizon_days`.
    """
    found, habits = followed(history, asked, heads, horizon_days, days)
    return fit_quantities(found, fit_further(found, habits))


def followed(
    history: OrderHistory, asked: Asked, heads: TwoHeads, horizon_days: float, days: float
) -> tuple[Followed, DemandHabits]:
    """(what came of the pairs asked about, what that says of the probability of a purchase)."""
    questions, candidates = asked.questions, asked.candidates
    rows = ~candidates.is_new
    client, product, bought = candidates.client[rows], candidates.product[rows], candidates.purchase[rows]
    within = heads.probability(candidates.features[rows], candidates.is_new[rows])
    as_expected = carried_over(within, horizon_days, days, 1.0)
    count, units = came_of(history, questions, client, product, days)
    pace = ((count > 0).sum() + DOUBT_PURCHASES) / (as_expected.sum() + DOUBT_PURCHASES)
    pace = round(float(np.clip(pace, SLOWEST, FASTEST)), 4)
    own = candidates.purchases
    own_rate = own_purchases(own, questions.now[own.client], days)[bought]
    prior = Blend(level=pace * days / horizon_days, head=1.0, rate=0.0)
    again = fit_again(prior, expected_purchases(within), own_rate, count > 0)
    habits = DemandHabits(pace=pace, again=again, days=days)
    typical = group_medians(history.line_product, history.line_quantity, len(history.products))
    line_quantity = questions.history.line_quantity[own.line]
    return (
        Followed(
            expected=purchases_again(within, own_rate, horizon_days, days, habits),
            own=own_rate,
            count=count,
            units=units,
            recent=last_values(line_quantity, own.start, own.stop, RECENT)[bought],
            usual=usual_quantities(questions.history, typical)[bought],
        ),
        habits,
    )


def came_of(
    history: OrderHistory, questions: Questions, client: np.ndarray, product: np.ndarray, days: float
) -> tuple[np.ndarray, np.ndarray]:
    """((R,) int64 orders, (R,) float64 units) of each pair of a question and a product in the `days` after it."""
    pair, count, units = purchases_within(history, questions, days)
    mine = client.astype(np.int64) * len(history.products) + product
    if not len(pair):
        return np.zeros(len(mine), np.int64), np.zeros(len(mine))
    at = np.searchsorted(pair, mine).clip(max=len(pair) - 1)
    return np.where(pair[at] == mine, count[at], 0), np.where(pair[at] == mine, units[at], 0.0)


def fit_again(prior: Blend, by_head: np.ndarray, by_rate: np.ndarray, bought: np.ndarray) -> Blend | None:
    """The blend of most likelihood that (R,) `bought` has under a Poisson process; None where it says too little.

    That is a regression of the complementary log-log of the probability (McCullagh and Nelder, 1989).

    Args:
        by_head, by_rate: (R,) purchases expected within the horizon, and at the client's own rate.
    """
    if bought.sum() < FEWEST or (~bought).sum() < FEWEST:
        return None

    def loss(mean: np.ndarray) -> float:
        return float(mean[~bought].sum() - np.log(-np.expm1(-mean[bought])).sum())

    return fitted_blend(prior, by_head, by_rate, loss)


def fit_further(followed: Followed, habits: DemandHabits) -> DemandHabits:
    """How many purchases follow a first one: their mean by Poisson likelihood, then their shape."""
    bought = followed.count > 0
    if bought.sum() < FEWEST:
        return habits
    # Here, because it takes long to import and nothing but training needs it.
    from scipy.stats import nbinom

    by_head = beyond_first(followed.expected[bought])
    by_rate = beyond_first(followed.own[bought])
    further = followed.count[bought] - 1

    def loss(mean: np.ndarray) -> float:
        return float(mean.sum() - further @ np.log(mean))

    blend = fitted_blend(habits.further, by_head, by_rate, loss)
    mean = blend.of(by_head, by_rate)
    likelihood = [nbinom.logpmf(further, shape, shape / (shape + mean)).sum() for shape in SHAPES]
    return replace(habits, further=blend, further_shape=SHAPES[int(np.argmax(likelihood))])


def fitted_blend(prior: Blend, by_head: np.ndarray, by_rate: np.ndarray, loss: Callable[[np.ndarray], float]) -> Blend:
    """The blend of least `loss`, drawn towards `prior`; an estimate never counts against itself.

    Args:
        loss: of the (R,) purchases that a blend expects.
    """
    from scipy.optimize import minimize

    start = np.array([np.log(prior.level), prior.head, prior.rate])

    def blend_of(parameters: np.ndarray) -> Blend:
        level, head, rate = parameters
        return Blend(float(np.exp(level)), float(max(head, 0)), float(max(rate, 0)))

    def drawn(parameters: np.ndarray) -> float:
        return loss(blend_of(parameters).of(by_head, by_rate)) + DRAW * float(np.sum((parameters - start) ** 2))

    found = blend_of(minimize(drawn, start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-4}).x)
    return Blend(round(found.level, 4), round(found.head, 4), round(found.rate, 4))


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
