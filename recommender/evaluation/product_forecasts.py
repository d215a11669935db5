"""How far forecasts of what all clients take of a product were off in the weeks after the cut."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.bootstrap import Bootstrap, Estimate
from recommender.engine.history import OrderHistory
from recommender.engine.product_outlook import (
    CROSTON,
    ETS,
    NAIVE,
    SEASONAL_NAIVE,
    WEEKS_AHEAD,
    ProductOutlook,
    forecasters,
)
from recommender.engine.product_series import CLASSES, DAYS_A_WEEK, UNCLASSED, scaled_error, weekly_series
from recommender.engine.questions import drawn
from recommender.evaluation.later_orders import LaterOrders
from recommender.evaluation.lists import OURS

RIVALS = (NAIVE, SEASONAL_NAIVE, CROSTON, ETS)
AT_MOST_PRODUCTS = 3_000  # judged; more would make the intervals little narrower


@dataclass(frozen=True, slots=True)
class SeriesGroup:
    """Products of one class: the model chosen for it, mean RMSSE by method, ours less the best rival's."""

    about: str
    products: int
    model: str
    errors: dict[str, Estimate]
    best: str
    difference: Estimate


def product_backtest(
    before: OrderHistory, later: LaterOrders, outlook: ProductOutlook, cut: float, seed: int
) -> list[SeriesGroup] | None:
    """The first group is of all products; None where the history ends too early, or no series is long enough."""
    judged = np.flatnonzero(outlook.kind != UNCLASSED)
    if later.days < WEEKS_AHEAD * DAYS_A_WEEK or not len(judged):
        return None
    judged = drawn(judged, AT_MOST_PRODUCTS, np.random.default_rng(seed))
    series, actual, models = weekly_series(before, cut), weeks_after(later), forecasters()
    of_class = [models[outlook.chosen[CLASSES[kind]]] for kind in outlook.kind[judged]]
    errors = {
        name: np.array([scaled_error(series.of(p), models[name](series.of(p)), actual[p]) for p in judged])
        for name in RIVALS
    }
    errors[OURS] = np.array(
        [scaled_error(series.of(p), ours(series.of(p)), actual[p]) for p, ours in zip(judged, of_class, strict=True)]
    )
    bootstrap = Bootstrap(len(judged), seed)

    def group(about: str, model: str, chosen: np.ndarray) -> SeriesGroup:
        within = {name: np.where(chosen, values, np.nan) for name, values in errors.items()}
        best = min(RIVALS, key=lambda name: np.nansum(within[name]))
        return SeriesGroup(
            about=about,
            products=int((chosen & ~np.isnan(errors[NAIVE])).sum()),
            model=model,
            errors={name: bootstrap.mean(within[name]) for name in (OURS, *RIVALS)},
            best=best,
            difference=bootstrap.mean(within[OURS] - within[best]),
        )

    kinds = outlook.kind[judged]
    return [group("all", "by class", np.ones(len(judged), bool))] + [
        group(name, outlook.chosen[name], kinds == position)
        for position, name in enumerate(CLASSES)
        if np.any(kinds == position)
    ]


def weeks_after(later: LaterOrders) -> np.ndarray:
    """(P, WEEKS_AHEAD) float64 units, of the clients known at the cut and of new ones alike."""
    week = (later.line_day // DAYS_A_WEEK).astype(np.int64)
    inside = week < WEEKS_AHEAD
    cell = later.line_product[inside] * WEEKS_AHEAD + week[inside]
    units = np.bincount(cell, later.line_quantity[inside], later.products * WEEKS_AHEAD)
    return units.reshape(later.products, WEEKS_AHEAD)
