"""Where a client stands among all clients by recency, frequency and money, in plain words."""

from math import ceil, floor
from typing import Any

import numpy as np

from recommender.engine.history import OrderHistory
from recommender.engine.rfm import BEST, WINDOW_DAYS, fifth, rfm_of
from recommender.moments import calendar_days
from recommender.trends import order_amounts
from recommender.wording import ago, counted, money

# Rows by how lately it ordered, columns by how much: the upper two fifths, the middle one, the lower two.
NAMES = (
    ("top client", "steady client", "new or occasional client"),
    ("top client that is due", "client to keep an eye on", "occasional client"),
    ("top client slipping away", "client slipping away", "dormant client"),
)
HIGH, MIDDLE = 4, 2.5  # of 5; the mean of frequency and money may lie between two
FEWEST_CLIENTS = 10  # two to a fifth; of fewer it says nothing where one stands among them
AGE_DAYS = 7  # that data may have, over a weekend and holidays, and be no client's silence


def segment_sentence(history: OrderHistory, now: float, edges: dict[str, Any] | None, data_until: float) -> list[str]:
    """`history`: of this client alone; `edges`: of the training on data that ended on day `data_until`, {} or None
    before it stored any.
    """
    if not len(history.order_day) or not edges or edges["clients"] < FEWEST_CLIENTS:
        return []
    figures = rfm_of(history, now)
    orders, amount = int(figures.orders[0]), figures.amount[0]
    known_until = min(now, max(data_until, now - AGE_DAYS))
    recency = recency_of(floor(known_until) - floor(history.order_day[-1]), edges["daysSince"])
    scores = [fifth(orders, edges["orders"])]
    if edges["amount"] and not np.isnan(amount):
        scores.append(fifth(amount, edges["amount"]))
    spent = order_amounts(history)[history.order_day >= now - WINDOW_DAYS]
    worth = f" and {money(amount)} spent" if len(spent) and not np.isnan(spent).any() else ""
    shown = [f"recency {recency}", f"frequency {scores[0]}", *(f"money {score}" for score in scores[1:])]
    last = ago(calendar_days(history.order_day[-1], now))
    return [
        f"Segment: {name_of(recency, float(np.mean(scores)))} ({', '.join(shown)}; of {BEST} each, against "
        f"{counted(edges['clients'], 'client')}): last order {last}, {counted(orders, 'order')}{worth} "
        f"in the last {WINDOW_DAYS} days."
    ]


def recency_of(days_since: int, edges: list[float]) -> int:
    """1 to 5, by days of the calendar: who orders in the morning does not stand behind who orders in the afternoon."""
    return BEST - sum(ceil(edge) < days_since for edge in edges)


def name_of(recency: int, worth: float) -> str:
    return NAMES[level(recency)][level(worth)]


def level(score: float) -> int:
    """0 for the upper fifths, 1 for the middle, 2 for the lower."""
    return 0 if score >= HIGH else 1 if score >= MIDDLE else 2
