"""How often a client orders, how regularly, and whether it has stopped."""

from statistics import median

import numpy as np

from recommender.engine.history import OrderHistory
from recommender.moments import calendar_days, moment_of_day
from recommender.wording import counted, days

LATELY = 5  # intervals
SHORTEST_INTERVAL = 0.5  # days; up to that there is no rhythm to speak of, as it would be one of every 0 days
REGULAR, FAIRLY_REGULAR = 0.5, 1.0  # width of the middle half of the intervals, as a share of their median
CHURN_DAYS = 60
CHURN_INTERVALS = 3
MAY_BE_LEAVING = "may be leaving"  # stands in the sentence of every churn risk, and in no other


def ordering_rhythm(history: OrderHistory) -> list[str]:
    """The median interval between a client's orders, overall."""
    gaps = np.diff(history.order_day)
    if not len(gaps) or median(gaps.tolist()) <= SHORTEST_INTERVAL:
        return []
    return [f"An order every {days(median(gaps.tolist()))} in the median."]


def rhythm_in_detail(history: OrderHistory, now: float) -> list[str]:
    """The intervals lately, their spread, and when the next order would be due."""
    gaps = np.diff(history.order_day)
    if len(gaps) < 2 or median(gaps.tolist()) <= SHORTEST_INTERVAL:
        return []
    said, lately = [], median(gaps[-LATELY:].tolist())
    if len(gaps) > LATELY and lately > SHORTEST_INTERVAL:
        said.append(f"Every {days(lately)} over the last {LATELY} intervals.")
    if len(gaps) >= 4:
        low, high = np.quantile(gaps, (0.25, 0.75))
        said.append(f"The middle half of the intervals lies between {round(low)} and {days(high)}: {regularity(gaps)}.")
    if lately > SHORTEST_INTERVAL:
        due = history.order_day[-1] + lately
        word = "is due" if due >= now else "was due"
        said.append(f"By that the next order {word} on {moment_of_day(due):%Y-%m-%d}.")
    return said


def regularity(gaps: np.ndarray) -> str:
    low, middle, high = np.quantile(gaps, (0.25, 0.5, 0.75))
    spread = (high - low) / middle if middle > 0 else np.inf
    if spread <= REGULAR:
        return "regular"
    return "fairly regular" if spread <= FAIRLY_REGULAR else "irregular"


def churn_risk(history: OrderHistory, now: float) -> list[str]:
    """No order within the greater of CHURN_DAYS and CHURN_INTERVALS of the client's median intervals."""
    if not len(history.order_day):
        return []
    silent = calendar_days(history.order_day[-1], now)
    said = f"No order for {days(silent)}"
    if len(history.order_day) == 1:
        return [f"{said} since the only one: {MAY_BE_LEAVING}."] if silent > CHURN_DAYS else []
    interval = median(np.diff(history.order_day).tolist())
    if silent <= max(CHURN_DAYS, CHURN_INTERVALS * interval):
        return []
    if interval <= SHORTEST_INTERVAL:
        return [f"{said}: {MAY_BE_LEAVING} (more than {CHURN_DAYS} days)."]
    return [
        f"{said}, against one every {days(interval)} in the median: {MAY_BE_LEAVING} "
        f"(more than {CHURN_DAYS} days and {CHURN_INTERVALS} such intervals)."
    ]


def few_orders(history: OrderHistory) -> list[str]:
    orders = len(history.order_day)
    if not orders:
        return ["No order of this client is known: the suggestions rest on other clients alone."]
    if orders < 3:
        return [f"Only {counted(orders, 'order')} of this client known: the suggestions are uncertain."]
    return []
