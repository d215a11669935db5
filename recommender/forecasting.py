"""Units a client will buy of its products within a horizon, each with an interval."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from recommender.engine.demand import LEVEL, Demand, DemandHabits, demand_of
from recommender.engine.history import OrderHistory
from recommender.engine.purchases import purchases_of
from recommender.items import Item
from recommender.moments import moment_of_day

HIGHEST_LEVEL = 0.9999  # the contract has no certainty
WEEKS_SHOWN = 26


@dataclass(frozen=True, slots=True)
class ClientDemand:
    """What one client will take of the products it bought, over one horizon.

    row       product id -> position in `demand`
    last_day  the last day of which something is past, or that has an order
    start     the first day of the horizon; the same one, but at midnight
    """

    history: OrderHistory
    row: dict[str, int]
    demand: Demand
    last_day: date
    start: date
    horizon_days: int

    @classmethod
    def of(
        cls, history: OrderHistory, items: Iterable[Item], now: float, horizon_days: int, habits: DemandHabits
    ) -> "ClientDemand":
        """What the client will take of each of its products, from what was judged of them.

        Args:
            history: of this client alone, before `now`.
            items: all the products in it.
        """
        purchases = purchases_of(history)
        products = history.products[purchases.product].tolist()
        by_product = {item.product: item for item in items}
        demand = demand_of(
            purchases,
            history.line_quantity,
            np.array([by_product[product].typical_quantity for product in products], float),
            np.array([by_product[product].probability for product in products], float),
            np.array([by_product[product].further_purchases for product in products], float),
            habits,
        )
        row = {product: position for position, product in enumerate(products)}
        moment = moment_of_day(now)
        # An order without a date is placed at the moment itself, which may be a Monday's midnight.
        last_day = max([moment - timedelta.resolution, *map(moment_of_day, history.order_day[-1:])]).date()
        return cls(history, row, demand, last_day, moment.date(), horizon_days)

    def expected(self) -> dict[str, float]:
        """Product id -> units."""
        return dict(zip(self.row, self.demand.expected.tolist(), strict=True))

    def shown(self, wanted: list[tuple[Item, float]]) -> list[dict[str, Any]]:
        """The contract's series and forecasts of items, each with the market's demand factor."""
        rows = np.array([self.row[item.known_as] for item, _ in wanted], dtype=np.int64)
        demand = self.demand.of(rows)
        figures = zip(wanted, demand.expected, *demand.intervals(LEVEL), strict=True)
        return [
            {
                "product": item.product,
                "history": weekly_units(self.history, item.known_as, self.last_day),
                "forecast": {
                    "from": self.start.isoformat(),
                    "to": (self.start + timedelta(days=self.horizon_days)).isoformat(),
                    "units": round(float(units) * factor, 2),
                    "low": round(float(low) * factor, 2),
                    "high": round(float(high) * factor, 2),
                    "level": min(round(float(held), 4), HIGHEST_LEVEL),
                },
            }
            for (item, factor), units, low, high, held in figures
        ]


def weekly_units(history: OrderHistory, product: str, last_day: date) -> list[dict[str, Any]]:
    """Units of each of the last WEEKS_SHOWN weeks since the first purchase, oldest first, weeks from Monday."""
    lines = history.products[history.line_product] == product
    mondays = [monday(moment_of_day(day).date()) for day in history.line_day[lines]]
    units: dict[date, float] = {}
    for week, quantity in zip(mondays, history.line_quantity[lines].tolist(), strict=True):
        units[week] = units.get(week, 0) + quantity
    this_week = monday(last_day)
    first = max(min(units, default=this_week), this_week - timedelta(weeks=WEEKS_SHOWN - 1))
    weeks = [first + timedelta(weeks=n) for n in range((this_week - first).days // 7 + 1)]
    return [{"from": week.isoformat(), "units": round(units.get(week, 0.0), 3)} for week in weeks]


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
