"""Units a client will buy of a product within a horizon, with an interval."""

from datetime import date, timedelta
from typing import Any

import numpy as np
from scipy.stats import poisson

from recommender.engine.history import OrderHistory
from recommender.request_history import date_of

LEVEL = 0.8
WEEKS_SHOWN = 26


def expected_purchases(probability: float) -> float:
    """Purchases within the horizon when they come as a Poisson process that gives `probability` of one or more."""
    return -float(np.log1p(-min(probability, 0.999)))


def forecast_of(
    history: OrderHistory,
    product: int,
    now: float,
    horizon_days: int,
    probability: float,
    quantity: float,
    factor: float,
) -> dict[str, Any]:
    """The contract's series and forecast of one product.

    Args:
        history: of one client.
        product: code in `history`.
        quantity: units of one purchase.
        factor: the market's demand factor.
    """
    purchases = expected_purchases(probability)
    low, high = poisson.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2], purchases)
    start = date_of(now).date()
    return {
        "history": weekly_units(history, product, start),
        "forecast": {
            "from": start.isoformat(),
            "to": (start + timedelta(days=horizon_days)).isoformat(),
            "units": round(purchases * quantity * factor, 2),
            "low": round(float(low) * quantity * factor, 2),
            "high": round(float(high) * quantity * factor, 2),
            "level": LEVEL,
        },
    }


def weekly_units(history: OrderHistory, product: int, until: date) -> list[dict[str, Any]]:
    """Units of each of the last WEEKS_SHOWN weeks since the first purchase, oldest first, weeks from Monday."""
    lines = history.line_product == product
    mondays = [monday(date_of(day).date()) for day in history.line_day[lines]]
    units: dict[date, float] = {}
    for week, quantity in zip(mondays, history.line_quantity[lines].tolist(), strict=True):
        units[week] = units.get(week, 0) + quantity
    this_week = monday(until)
    first = max(min(units, default=this_week), this_week - timedelta(weeks=WEEKS_SHOWN - 1))
    weeks = [first + timedelta(weeks=n) for n in range((this_week - first).days // 7 + 1)]
    return [{"from": week.isoformat(), "units": round(units.get(week, 0.0), 3)} for week in weeks]


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
