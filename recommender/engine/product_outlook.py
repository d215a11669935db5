"""Forecasts of what all clients together take of each product, by the model that does best for its sort of series.

`statsforecast` is imported where it is used: it takes seconds, and only training and evaluation do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.engine.product_series import (
    CLASSES,
    FEWEST_WEEKS,
    UNCLASSED,
    WeeklySeries,
    scaled_error,
    series_classes,
)
from recommender.engine.questions import drawn

WEEKS_AHEAD = 4  # the usual horizon of a forecast
ORIGINS = 3  # of the rolling backtest, WEEKS_AHEAD apart
SAMPLE = 100  # series of a class that choose its model; more would say the same
YEAR = 52
RECENT_WEEKS = 8
NAIVE, SEASONAL_NAIVE, CROSTON, SBA, TSB, WINDOW, ETS = (
    "naive", "seasonal naive", "Croston", "Croston SBA", "TSB", "8-week average", "AutoETS"
)  # fmt: skip

Forecaster = Callable[[np.ndarray], np.ndarray]
"""(W,) weeks -> (WEEKS_AHEAD,) weeks."""


@dataclass(frozen=True)
class ProductOutlook:
    """Of P products, from day `as_of` on.

    weekly  (P,) float64    units a week expected over WEEKS_AHEAD, NaN for series too short to tell
    recent  (P,) float64    units a week over the last RECENT_WEEKS, NaN likewise
    kind    (P,) int8       position in CLASSES, -1 for none
    chosen  class -> the model that forecasts it
    errors  class -> model -> mean RMSSE in the rolling backtest
    """

    weekly: np.ndarray
    recent: np.ndarray
    kind: np.ndarray
    chosen: dict[str, str]
    errors: dict[str, dict[str, float]]

    def to_json(self) -> dict[str, Any]:
        """All but the arrays."""
        return {"chosen": self.chosen, "errors": self.errors}


def forecasters() -> dict[str, Forecaster]:
    from statsforecast.models import TSB as TeunterSyntetosBabai
    from statsforecast.models import AutoETS, CrostonClassic, CrostonSBA, Naive, WindowAverage

    models = {
        NAIVE: Naive(),
        CROSTON: CrostonClassic(),
        SBA: CrostonSBA(),
        TSB: TeunterSyntetosBabai(alpha_d=0.2, alpha_p=0.2),
        WINDOW: WindowAverage(window_size=RECENT_WEEKS),
        ETS: AutoETS(season_length=1),
    }
    by_model = {name: by(model) for name, model in models.items()}
    return {SEASONAL_NAIVE: seasonal_naive} | by_model


def by(model: Any) -> Forecaster:
    def forecast(weeks: np.ndarray) -> np.ndarray:
        return np.maximum(model.forecast(y=weeks, h=WEEKS_AHEAD)["mean"], 0)

    return forecast


def seasonal_naive(weeks: np.ndarray) -> np.ndarray:
    """The same weeks a year ago; where there is no year, the last WEEKS_AHEAD weeks again."""
    season = YEAR if len(weeks) >= YEAR else WEEKS_AHEAD
    return weeks[len(weeks) - season :][:WEEKS_AHEAD]


def outlook_of(series: WeeklySeries, seed: int) -> ProductOutlook:
    """Each class gets the model with the least mean error over rolling origins, each with what was known then."""
    kind = series_classes(series)
    models = forecasters() if np.any(kind != UNCLASSED) else {}
    random = np.random.default_rng(seed)
    errors, weekly = {}, np.full(len(kind), np.nan)
    chosen = {}
    for position, name in enumerate(CLASSES):
        members = np.flatnonzero(kind == position)
        if not len(members):
            continue
        errors[name] = rolling_errors(series, drawn(members, SAMPLE, random), models)
        chosen[name] = min(errors[name], key=lambda model: (errors[name][model], model)) if errors[name] else WINDOW
        weekly[members] = [models[chosen[name]](series.of(product)).mean() for product in members]
    recent = series.units[:, -RECENT_WEEKS:].sum(axis=1) / RECENT_WEEKS
    return ProductOutlook(weekly, np.where(kind == UNCLASSED, np.nan, recent), kind, chosen, errors)


def rolling_errors(series: WeeklySeries, products: np.ndarray, models: dict[str, Forecaster]) -> dict[str, float]:
    """model -> mean RMSSE; {} where no series is long enough to be asked about."""
    found: dict[str, list[float]] = {name: [] for name in models}
    for origin in range(1, ORIGINS + 1):
        known = series.before(min(origin * WEEKS_AHEAD, series.weeks))
        for product in products[known.weeks - known.first[products] >= FEWEST_WEEKS]:
            actual = series.units[product, known.weeks : known.weeks + WEEKS_AHEAD]
            for name, forecast in models.items():
                found[name].append(scaled_error(known.of(product), forecast(known.of(product)), actual))
    counted = ~np.isnan(found[NAIVE])
    return {
        name: round(float(np.mean(np.array(all_of)[counted])), 4) for name, all_of in found.items() if counted.any()
    }
