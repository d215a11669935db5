"""How often a client orders, how regularly, and whether it has stopped."""

from math import floor
from statistics import median

import numpy as np

from recommender.engine.history import OrderHistory
from recommender.moments import calendar_days, moment_of_day
from recommender.wording import counted, days, every

LATELY = 5  # intervals
REGULAR, FAIRLY_REGULAR = 0.5, 1.0  # width of the middle half of the intervals, as a share of their median
CHURN_DAYS = 60
CHURN_INTERVALS = 3
MAY_BE_LEAVING = "may be leaving"  # stands in the sentence of every churn risk, and in no other


def intervals_of(order_day: np.ndarray) -> np.ndarray:
    """Days from one day with an order to the next, in UTC as all dates; orders of one day are one occasion."""
    return np.diff(np.unique(np.floor(order_day)))


def typical(intervals: np.ndarray) -> int:
    """The median as it is told; what rests on it goes by this, so that the reader can check it."""
    return round(median(intervals.tolist()))


def ordering_rhythm(history: OrderHistory) -> list[str]:
    """The median interval between a client's days with an order, overall."""
    intervals = intervals_of(history.order_day)
    return [f"An order {every(typical(intervals))} in the median."] if len(intervals) else []


def rhythm_in_detail(history: OrderHistory, now: float) -> list[str]:
    """The intervals lately, their spread, and when the next order would be due."""
    intervals = intervals_of(history.order_day)
    if len(intervals) < 2:
        return []
    said, lately = [], typical(intervals[-LATELY:])
    if len(intervals) > LATELY:
        said.append(f"{every(lately).capitalize()} over the last {LATELY} intervals.")
    if len(intervals) >= 4:
        low, middle, high = np.quantile(intervals, (0.25, 0.5, 0.75)).round().astype(int).tolist()
        width = f"lies between {low} and {days(high)}" if low < high else f"is about {days(middle)}"
        said.append(f"The middle half of the intervals {width}: {regularity((high - low) / middle)}.")
    due = floor(history.order_day[-1]) + lately
    said.append(f"By that the next order {'is' if due >= floor(now) else 'was'} due on {moment_of_day(due):%Y-%m-%d}.")
    return said


def regularity(spread: float) -> str:
    if spread <= REGULAR:
        return "regular"
    return "fairly regular" if spread <= FAIRLY_REGULAR else "irregular"


def churn_risk(history: OrderHistory, now: float) -> list[str]:
    """No order within the greater of CHURN_DAYS and CHURN_INTERVALS of the client's median intervals."""
    if not len(history.order_day):
        return []
    silent, intervals = calendar_days(history.order_day[-1], now), intervals_of(history.order_day)
    interval = typical(intervals) if len(intervals) else 0
    if silent <= max(CHURN_DAYS, CHURN_INTERVALS * interval):
        return []
    said = f"No order for {days(silent)}"
    if len(history.order_day) == 1:
        return [f"{said} since the only one: {MAY_BE_LEAVING}."]
    if not interval:
        return [f"{said}: {MAY_BE_LEAVING} (more than {CHURN_DAYS} days)."]
    return [
        f"{said}, against one {every(interval)} in the median: {MAY_BE_LEAVING} "
        f"(more than {CHURN_DAYS} days and {CHURN_INTERVALS} such intervals)."
    ]


def few_orders(history: OrderHistory, suggests: bool) -> list[str]:
    """`suggests`: whether there is a suggestion of which more could be said."""
    orders = len(history.order_day)
    if orders >= 3:
        return []
    known = f"Only {counted(orders, 'order')} of this client known" if orders else "No order of this client is known"
    basis = "are uncertain" if orders else "rest on other clients alone"
    return [f"{known}: the suggestions {basis}." if suggests else f"{known}."]
