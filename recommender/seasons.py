"""The time of year: of a client's orders, and of one product's."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import bdtrc

from recommender.engine.history import OrderHistory
from recommender.items import Item

SEASON_DAYS = 45  # either side of the day of the year
WELL_ABOVE = 1.5  # times the share of all the client's orders
LEAST_ORDERS = 4
EARLIER_SEASON_DAYS = 300  # bought in this season before, and not only lately for the first time
BY_CHANCE = 0.01  # a client buys dozens of products, each of which is put to the test


@dataclass(frozen=True, slots=True)
class Season:
    """Orders around this time of the year, of any year: of one product, and of the client."""

    with_product: int
    product_orders: int
    of_client: int
    client_orders: int


def season_of(item: Item) -> Season | None:
    """The evidence that the client buys a product mostly at this time of the year; None where there is none.

    Its share of orders in this season has to be well above that of all the client's orders, and
    beyond what chance makes of that: a client that only ever ordered in autumn has no autumn products.
    """
    if item.orders < LEAST_ORDERS or item.days_since_first < EARLIER_SEASON_DAYS:
        return None
    season = Season(item.orders_in_season, item.orders, item.client_orders_in_season, item.client_orders)
    usual = season.of_client / season.client_orders
    if season.with_product < WELL_ABOVE * usual * season.product_orders:
        return None
    by_chance = bdtrc(season.with_product - 1, season.product_orders, usual)  # binomial: as many or more
    return season if by_chance < BY_CHANCE else None


def is_in_season(day: np.ndarray, now: np.ndarray) -> np.ndarray:
    """(N,) bool: whether the days, (N,) float64, are around the time of the year of `now` ((N,) float64)."""
    distance = np.abs((day - now + 182.625) % 365.25 - 182.625)
    return distance <= SEASON_DAYS


def monthly_shares(history: OrderHistory, now: float) -> dict[str, Any]:
    """Units of each calendar month as a share of the client's average month; {} without history.

    The month that is under way counts from its first order on: until then nothing can be said of it.
    """
    if not len(history.order_day):
        return {}
    month = months_of(history.order_day)
    last = max(month[-1], months_of(np.array([now]))[0] - 1)
    units = np.bincount(month[history.line_order] - month[0], history.line_quantity, minlength=last - month[0] + 1)
    average = units.mean()
    calendar = (np.arange(len(units)) + month[0]) % 12
    seen = np.bincount(calendar, minlength=12)
    shares = np.bincount(calendar, units, minlength=12) / np.maximum(seen, 1) / average
    return {"months": [share if count else None for share, count in zip(shares.round(3).tolist(), seen, strict=True)]}


def months_of(day: np.ndarray) -> np.ndarray:
    """(N,) int64: months since January 1970, of (N,) days since then."""
    return np.floor(day).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
