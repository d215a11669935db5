"""A walk through all clients' orders, visit by visit, noting what was due each time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from recommender.demo_history.catalogue import CATEGORIES, Catalogue
from recommender.demo_history.clients import SALES_REPS, Clientele
from recommender.demo_history.habits import Habits

SUNDAY = 6
SKIPPED_SHARE, MOVED_SHARE, RETURNED_SHARE = 0.05, 0.3, 0.012
RETURNED_PART = 0.3
PRICE_RISE = 1.035  # at each of two dates, which differ by category
MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True)
class Period:
    """The days of the history, counted from 0 at a midnight in UTC."""

    start: datetime
    days: int

    def months(self, day: np.ndarray) -> np.ndarray:
        """The month of each day, 0 for January."""
        return np.array([(self.start + timedelta(days=each)).month - 1 for each in range(self.days)])[day.astype(int)]


@dataclass(frozen=True)
class Lines:
    """(L,) each: client, day with the time as its fraction, product, quantity and unit price."""

    client: np.ndarray
    day: np.ndarray
    product: np.ndarray
    quantity: np.ndarray
    price: np.ndarray


def walk_through(
    clientele: Clientele, catalogue: Catalogue, habits: Habits, period: Period, random: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Orders (external_id, client, rep, ordered_at) and lines (order_external_id, product, quantity, unit_price)."""
    visits = _visit_days(clientele, period, random)
    habit, day = _purchases(habits, catalogue, visits, period, random)
    client, product = habits.client[habit], habits.product[habit]
    growth = (clientele.yearly_growth[client] * catalogue.yearly_growth[product]) ** (day / 365 - 1)
    season = catalogue.season[product, period.months(day)]
    money = habits.money[habit] * growth * np.sqrt(season) * random.lognormal(0, 0.25, len(habit))
    lines = Lines(
        client=client,
        day=day,
        product=product,
        quantity=_quantities(catalogue, product, money),
        price=_prices(catalogue, product, clientele.discount[client], day / period.days, random),
    )
    return _frames(clientele, catalogue, _with_returns(lines, random), period)


def _visit_days(clientele: Clientele, period: Period, random: np.random.Generator) -> np.ndarray:
    """(C, V) days of the clients' orders, NaN where there is none: a rhythm, sometimes a day off, never a Sunday."""
    count, most = len(clientele), int(period.days / clientele.cycle_days.min()) + 1
    day = clientele.first_day[:, None] + np.floor(np.arange(most) * clientele.cycle_days[:, None])
    day += np.where(random.random((count, most)) < MOVED_SHARE, random.choice([-1, 1], (count, most)), 0)
    day += (period.start.weekday() + day) % 7 == SUNDAY
    held = (random.random((count, most)) >= SKIPPED_SHARE) & (day >= 0) & (day < clientele.gone[:, None])
    hour = random.uniform(6, 14, (count, 1)) + random.normal(0, 0.7, (count, most))
    minute = np.round(np.clip(hour, 0, 23) * 60)
    return np.where(held & (day < period.days), day + minute / MINUTES_A_DAY, np.nan)


def _purchases(
    habits: Habits, catalogue: Catalogue, visits: np.ndarray, period: Period, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(L,) habit and (L,) day of each purchase: likely once a delivery is used up, and in season."""
    last_bought = habits.since - random.uniform(0, 1.2, len(habits)) * habits.interval_days
    bought_habit, bought_day = [], []
    for days_of_visit in visits.T:
        day = days_of_visit[habits.client]
        open_to = np.flatnonzero((day >= habits.since) & (day < habits.until))
        now = day[open_to]
        used_up = (now - last_bought[open_to]) / habits.interval_days[open_to]
        season = catalogue.season[habits.product[open_to], period.months(now)]
        likely = np.minimum(season, 1) / (1 + np.exp(-4 * (used_up - 1)))
        bought = random.random(len(open_to)) < likely
        last_bought[open_to[bought]] = now[bought]
        bought_habit.append(open_to[bought])
        bought_day.append(now[bought])
    return np.concatenate(bought_habit), np.concatenate(bought_day)


def _quantities(catalogue: Catalogue, product: np.ndarray, money: np.ndarray) -> np.ndarray:
    """(L,) units for about that much money: whole cases, or kilograms to 50 grams."""
    units, pack_size = money / catalogue.price[product], catalogue.pack_size[product]
    cases = np.maximum(np.round(units / pack_size), 1) * pack_size
    return np.where(catalogue.by_weight[product], np.maximum(np.round(units * 20) / 20, 0.5), cases)


def _prices(
    catalogue: Catalogue,
    product: np.ndarray,
    discount: np.ndarray,
    time: np.ndarray,
    random: np.random.Generator,
) -> np.ndarray:
    """(L,) unit prices at a time (0..1 of the period): today's list price before the rises to come, less discount."""
    rises = random.uniform([0.15, 0.55], [0.45, 0.9], (len(CATEGORIES), 2))
    to_come = (time[:, None] < rises[catalogue.category[product]]).sum(axis=1)
    return np.round(catalogue.price[product] / PRICE_RISE**to_come * (1 - discount), 2)


def _with_returns(lines: Lines, random: np.random.Generator) -> Lines:
    """Add returns: part of some lines comes back with the client's next order."""
    by_client = np.lexsort((lines.day, lines.client))
    client, day = lines.client[by_client], lines.day[by_client]
    visit_begins = np.flatnonzero(np.r_[True, (client[1:] != client[:-1]) | (day[1:] != day[:-1])])
    visit = np.searchsorted(visit_begins, np.arange(len(client)), side="right") - 1
    following = visit_begins[np.minimum(visit + 1, len(visit_begins) - 1)]
    returned = (random.random(len(client)) < RETURNED_SHARE) & (client[following] == client) & (day[following] > day)
    source = by_client[returned]
    return Lines(
        client=np.r_[lines.client, lines.client[source]],
        day=np.r_[lines.day, day[following[returned]]],
        product=np.r_[lines.product, lines.product[source]],
        quantity=np.r_[lines.quantity, -np.ceil(lines.quantity[source] * RETURNED_PART)],
        price=np.r_[lines.price, lines.price[source]],
    )


def _frames(
    clientele: Clientele, catalogue: Catalogue, lines: Lines, period: Period
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Orders are numbered as they came in; of the same minute, by client."""
    minute = (pl.col("day") * MINUTES_A_DAY).round().cast(pl.Int64)
    table = pl.DataFrame(vars(lines)).with_columns(minute=minute).sort("minute", "client", "product", "quantity")
    number = (pl.struct("minute", "client").rle_id() + 1).cast(pl.String).str.zfill(6)
    table = table.with_columns(
        order_external_id=pl.lit("SO-") + number,
        product=pl.Series([row["external_id"] for row in catalogue.rows]).gather(table["product"]),
    )
    headers = table.unique("order_external_id", keep="first", maintain_order=True)
    orders = headers.select(
        external_id="order_external_id",
        client=pl.Series([row["external_id"] for row in clientele.rows]).gather(headers["client"]),
        rep=pl.Series([row["external_id"] for row in SALES_REPS]).gather(clientele.sales_rep[headers["client"]]),
        ordered_at=pl.lit(period.start) + pl.duration(minutes="minute"),
    )
    return orders, table.select("order_external_id", "product", "quantity", unit_price="price")
