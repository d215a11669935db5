"""Moments of the past at which the next order is known: what a model is fitted to and judged by."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.history import OrderHistory

SHORT = 2  # orders; a client is as good as new up to there
SHORT_SHARE = 0.1  # of the questions, at least, are of clients with so little history


@dataclass(frozen=True, slots=True)
class Questions:
    """N moments, each with the client's orders before it.

    client   (N,) int32    client code of the original history
    now      (N,) float64  the moment of asking
    target   (N,) int64    position of the client's first order from then on
    history  the orders before `now`; its client i is question i, so a client may stand there often
    """

    client: np.ndarray
    now: np.ndarray
    target: np.ndarray
    history: OrderHistory


def questions_between(
    history: OrderHistory, start: float, end: float, at_most: int, random: np.random.Generator, between: float
) -> Questions:
    """Orders from day `start` to `end`, at most `at_most`, drawn at random: what comes before them is asked of them.

    A client's first order is among them, with an empty history. Where nearly all clients have long
    histories, some are cut short: else nothing would be learned of clients that are new, or that a
    caller knows only a few orders of.

    Args:
        between: share of the questions asked at a moment between the former order and the target;
            the others are asked at the target's own time.
    """
    target = np.flatnonzero((history.order_day >= start) & (history.order_day < end))
    if len(target) > at_most:
        target = np.sort(random.choice(target, at_most, replace=False))
    first = np.searchsorted(history.order_client, history.order_client[target])
    now = history.order_day[target].copy()
    former = np.maximum(now - 60, history.order_day[np.maximum(target - 1, 0)])
    early = (random.random(len(target)) < between) & (target > first)
    now[early] -= (random.random(len(target)) * (now - former))[early]
    long = np.flatnonzero(target - first > SHORT)
    missing = int(SHORT_SHARE * len(target)) - (len(target) - len(long))
    if missing > 0:
        shortened = random.choice(long, min(missing, len(long)), replace=False)
        first[shortened] = target[shortened] - random.integers(0, SHORT + 1, len(shortened))
    return Questions(history.order_client[target], now, target, prefixes(history, first, target))


def prefixes(history: OrderHistory, first: np.ndarray, stop: np.ndarray) -> OrderHistory:
    """The orders `first[i]` to `stop[i]` (exclusive) as the history of client i, who keeps its id."""
    orders = ranges(first, stop)
    owner = np.repeat(np.arange(len(first), dtype=np.int32), stop - first)
    first_line = np.searchsorted(history.line_order, np.arange(len(history.order_client) + 1))
    lines = ranges(first_line[orders], first_line[orders + 1])
    return OrderHistory(
        clients=np.arange(len(first)).astype(str),
        products=history.products,
        order_client=owner,
        order_day=history.order_day[orders],
        line_order=np.repeat(np.arange(len(orders), dtype=np.int32), first_line[orders + 1] - first_line[orders]),
        line_product=history.line_product[lines],
        line_quantity=history.line_quantity[lines],
        line_price=history.line_price[lines],
    )
def ranges(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """`start[0]..stop[0]-1, start[1]..stop[1]-1, ...` as one array."""
    lengths = stop - start
    offset = np.repeat(start - np.r_[0, np.cumsum(lengths)[:-1]] if len(start) else start, lengths)
    return offset + np.arange(lengths.sum())


def bought_within(history: OrderHistory, samples: Samples, days: float | None) -> list[np.ndarray]:
    """Per sample the codes of the products in its target order, or in all orders of its next `days`."""
    first_line = np.searchsorted(history.line_order, np.arange(len(history.order_client) + 1))
    stop = samples.target + 1
    if days is not None:
        last_of_client = np.searchsorted(history.order_client, samples.client, side="right")
        stop = np.array(
            [
                first + np.searchsorted(history.order_day[first:end], now + days)
                for first, end, now in zip(samples.target, last_of_client, samples.now, strict=True)
            ],
            dtype=np.int64,
        )
    return [
        np.unique(history.line_product[first_line[start] : first_line[end]])
        for start, end in zip(samples.target, stop, strict=True)
    ]
