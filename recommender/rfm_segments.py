"""Where a client stands among all clients by recency, frequency and money, in plain words."""

from typing import Any

import numpy as np

from recommender.engine.history import OrderHistory
from recommender.engine.rfm import BEST, WINDOW_DAYS, fifth, rfm_of
from recommender.moments import calendar_days
from recommender.trends import order_amounts
from recommender.wording import counted, days, money

# Rows by how lately it ordered, columns by how much: the upper two fifths, the middle one, the lower two.
NAMES = (
    ("top client", "steady client", "new or occasional client"),
    ("top client that is due", "client to keep an eye on", "occasional client"),
    ("top client slipping away", "client slipping away", "dormant client"),
)
HIGH, MIDDLE = 4, 2.5  # of 5; the mean of frequency and money may lie between two


def segment_sentence(history: OrderHistory, now: float, edges: dict[str, Any] | None) -> list[str]:
    """`history`: of this client alone; `edges`: of the model's training, {} or None before it stored any."""
    if not len(history.order_day) or not edges:
        return []
    figures = rfm_of(history, now)
    since, orders, amount = figures.days_since[0], int(figures.orders[0]), figures.amount[0]
    recency = BEST + 1 - fifth(since, edges["daysSince"])
    scores = [fifth(orders, edges["orders"])]
    if edges["amount"] and not np.isnan(amount):
        scores.append(fifth(amount, edges["amount"]))
    spent = order_amounts(history)[history.order_day >= now - WINDOW_DAYS]
    worth = f" and {money(amount)} spent" if len(spent) and not np.isnan(spent).any() else ""
    shown = [f"recency {recency}", f"frequency {scores[0]}", *(f"money {score}" for score in scores[1:])]
    ago = days(calendar_days(history.order_day[-1], now))
    return [
        f"Segment: {name_of(recency, float(np.mean(scores)))} ({', '.join(shown)}; of {BEST} each, against "
        f"{counted(edges['clients'], 'client')}): last order {ago} ago, {counted(orders, 'order')}{worth} "
        f"in the last {WINDOW_DAYS} days."
    ]


def name_of(recency: int, worth: float) -> str:
    return NAMES[level(recency)][level(worth)]


def level(score: float) -> int:
    """0 for the upper fifths, 1 for the middle, 2 for the lower."""
    return 0 if score >= HIGH else 1 if score >= MIDDLE else 2
