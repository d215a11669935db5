"""Moments of the past of which it is known what came next: what a model is fitted to and judged by."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.history import OrderHistory, pair_codes

SHORT = 2  # orders; a client is as good as new up to there
SHORT_SHARE = 0.1  # of the questions about next orders, at least, are of clients with so little history
MOMENTS_OF_CLIENT = 4  # in one window, on average: more would ask for nearly the same days again
MOST_LINES = 10_000_000  # that the histories of a window's questions have together, each a copy: a gigabyte
LONGEST_WAIT_DAYS = 60  # a moment between two orders lies at most so long before the later one


@dataclass(frozen=True, slots=True)
class Questions:
    """N moments, each with the client's orders before it.

    client   (N,) int32    client code of the original history
    now      (N,) float64  the moment of asking, days since 1970-01-01 UTC
    target   (N,) int64    position of the client's first order from then on; where there is none, of the
                           next client's first or the end
    history  the orders before `now`; its client i is question i, so a client may stand there often
    """

    client: np.ndarray
    now: np.ndarray
    target: np.ndarray
    history: OrderHistory


def before_orders(
    history: OrderHistory, start: float, end: float, at_most: int, between: float, random: np.random.Generator
) -> Questions:
    """What comes before orders from day `start` to `end`, at most `at_most` of them.

    Fewer are asked about where histories are very long (`thinned`). A client's first order is among them, with
    an empty history. Where nearly all clients have long histories, some are cut short: else nothing would be
    learned of clients that are new, or that a caller knows only a few orders of.

    Args:
        between: share of the questions asked at a moment between the former order and the target;
            the others are asked at the target's own time.
    """
    target = drawn(np.flatnonzero((history.order_day >= start) & (history.order_day < end)), at_most, random)
    first = np.searchsorted(history.order_client, history.order_client[target])
    now = history.order_day[target].copy()
    early = (random.random(len(target)) < between) & (target > first)
    former = np.maximum(now - LONGEST_WAIT_DAYS, history.order_day[np.maximum(target - 1, 0)])
    now[early] -= (random.random(len(target)) * (now - former))[early]
    long = np.flatnonzero(target - first > SHORT)
    missing = int(SHORT_SHARE * len(target)) - (len(target) - len(long))
    if missing > 0:
        shortened = random.choice(long, min(missing, len(long)), replace=False)
        first[shortened] = target[shortened] - random.integers(0, SHORT + 1, len(shortened))
    lines = np.searchsorted(history.line_order, target) - np.searchsorted(history.line_order, first)
    kept = thinned(lines, MOST_LINES, random)
    target, first, now = target[kept], first[kept], now[kept]
    client = history.order_client[target]
    return Questions(client, now, target, prefixes(history, client, first, target))


def at_any_time(
    history: OrderHistory, start: float, end: float, at_most: int, random: np.random.Generator
) -> Questions:
    """Moments from day `start` to `end` of clients that had ordered by then, whether or not they do again."""
    lines = np.bincount(history.line_client[history.line_day < end], minlength=len(history.clients))
    known = np.flatnonzero(lines)
    client = np.sort(known[across_sizes(lines[known], min(at_most, MOMENTS_OF_CLIENT * len(known)), random)])
    first = np.searchsorted(history.order_client, client)
    since = np.maximum(history.order_day[first], start) if len(first) else np.zeros(0)
    now = since + random.random(len(client)) * (end - since)
    target = first_order_from(history, client, now)
    return Questions(client, now, target, prefixes(history, client, first, target))


def drawn(ascending: np.ndarray, at_most: int, random: np.random.Generator) -> np.ndarray:
    """`at_most` of them, in their order."""
    return np.sort(random.choice(ascending, at_most, replace=False)) if len(ascending) > at_most else ascending


def across_sizes(lines: np.ndarray, number: int, random: np.random.Generator) -> np.ndarray:
    """(number,) int64 positions of clients that have so many lines ((N,) int64): one drawn from each of equal parts.

    A part holds neighbours by number of lines (stratified sampling, Cochran 1977): a few large clients buy most of
    what is bought, and how many of them a plain draw meets would move each level that is learned. Where more than N
    are drawn, each client is about as often as any other.
    """
    place = (np.arange(number) + random.random(number)) * len(lines) / max(number, 1)
    return np.argsort(lines, kind="stable")[place.astype(np.int64).clip(max=len(lines) - 1)]


def thinned(lines: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    """(N,) bool: which of the questions with so many lines ((N,) int64) to ask, for about `most` lines in all.

    All, where that is enough. Else those above a length are asked the more seldom the longer they are: a single
    client that stands for all cash sales has hundreds of thousands of lines, before each of its many orders.
    """
    if lines.sum() <= most:
        return np.ones(len(lines), bool)
    ascending = np.sort(lines)
    left = most - np.cumsum(ascending) + ascending  # for those that are as long or longer
    length = left / np.arange(len(lines), 0, -1)
    longest = length[np.argmax(length <= ascending)]
    return random.random(len(lines)) * lines <= longest


def first_order_from(history: OrderHistory, client: np.ndarray, day: np.ndarray) -> np.ndarray:
    """(N,) int64, position of the first order of each client on `day` ((N,) float64) or after; or of its end."""
    # Orders are sorted by client, then day, and so are these pairs of both.
    pairs = history.order_client + 1j * history.order_day
    return np.searchsorted(pairs, client + 1j * day)


def prefixes(history: OrderHistory, client: np.ndarray, first: np.ndarray, stop: np.ndarray) -> OrderHistory:
    """The orders `first[i]` to `stop[i]` (exclusive) as the history of client i, who is named as `client[i]` is."""
    orders = ranges(first, stop)
    owner = np.repeat(np.arange(len(first), dtype=np.int32), stop - first)
    first_line = np.searchsorted(history.line_order, np.arange(len(history.order_client) + 1))
    lines = ranges(first_line[orders], first_line[orders + 1])
    return OrderHistory(
        clients=history.clients[client],
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


def in_next_order(history: OrderHistory, questions: Questions) -> np.ndarray:
    """Pairs (question * P + product), sorted: what the target order of each question holds."""
    return pairs_of(history, questions.target, questions.target + 1)


def bought_within(history: OrderHistory, questions: Questions, days: float) -> np.ndarray:
    """Pairs (question * P + product), sorted: what each client bought in the `days` after its question."""
    stop = first_order_from(history, questions.client, questions.now + days)
    return pairs_of(history, questions.target, stop)


def purchases_within(
    history: OrderHistory, questions: Questions, days: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(pairs as of `bought_within`, (N,) int64 orders that hold each, (N,) float64 units)."""
    stop = first_order_from(history, questions.client, questions.now + days)
    orders = prefixes(history, np.zeros(len(stop), int), questions.target, stop)
    pair = pair_codes(orders.line_client, orders.line_product, len(history.products))
    unique, inverse, count = np.unique(pair, return_inverse=True, return_counts=True)
    return unique, count, np.bincount(inverse, orders.line_quantity, minlength=len(unique))


def pairs_of(history: OrderHistory, first: np.ndarray, stop: np.ndarray) -> np.ndarray:
    orders = prefixes(history, np.zeros(len(first), int), first, stop)
    return np.unique(pair_codes(orders.line_client, orders.line_product, len(history.products)))
