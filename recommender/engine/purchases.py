"""What each client did with each product it bought: the figures behind scores, quantities and reasons."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.history import OrderHistory, pair_codes

RECENT_PURCHASES = 5  # quantities and gaps are judged by the last few: tastes drift


@dataclass(frozen=True, slots=True)
class Purchases:
    """One row (R) a client and product bought, sorted by client, then product; L order lines behind them.

    clients              int           clients of the history, those without an order too
    client, product      (R,) int32    codes
    line                 (L,) int64    positions in the history's lines, sorted by row, then time
    start, stop          (R,) int64    the row's part of `line`
    orders               (R,) int32    orders that hold the product
    client_orders        (R,) int32    orders of the client
    first_day, last_day  (R,) float64  days since 1970-01-01 UTC
    gap_days             (R,) float64  median of the last five intervals between purchases, NaN after a single one
    quantity             (R,) float64  median units of the last purchases
    price                (R,) float64  last unit price known, NaN where none is
    """

    clients: int
    client: np.ndarray
    product: np.ndarray
    line: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    orders: np.ndarray
    client_orders: np.ndarray
    first_day: np.ndarray
    last_day: np.ndarray
    gap_days: np.ndarray
    quantity: np.ndarray
    price: np.ndarray

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(R,) float64: `values` ((L,), aligned with `line`) summed up over each row."""
        return np.add.reduceat(values.astype(float), self.start) if len(self.start) else np.zeros(0)


def purchases_of(history: OrderHistory) -> Purchases:
    """The purchases of every client of `history`; the history's end is the moment of judgement."""
    key = pair_codes(history.line_client, history.line_product, len(history.products))
    line = np.argsort(key, kind="stable")  # lines are in order of time already
    key, day = key[line], history.line_day[line]
    start = np.flatnonzero(np.r_[True, key[1:] != key[:-1]][: len(key)])
    stop = np.r_[start[1:], len(key)].astype(np.int64)[: len(start)]
    client = history.line_client[line][start].astype(np.int32)
    return Purchases(
        clients=len(history.clients),
        client=client,
        product=history.line_product[line][start],
        line=line,
        start=start,
        stop=stop,
        orders=(stop - start).astype(np.int32),
        client_orders=np.bincount(history.order_client, minlength=len(history.clients))[client].astype(np.int32),
        first_day=day[start],
        last_day=day[stop - 1],
        gap_days=medians_of_last(np.diff(day, prepend=0.0), start + 1, stop),
        quantity=medians_of_last(history.line_quantity[line], start, stop),
        price=last_known(history.line_price[line], start, stop),
    )


def rhythm_of(history: OrderHistory, purchases: Purchases) -> tuple[np.ndarray, np.ndarray]:
    """((R,) int64 days with a purchase, (R,) float64 whole days from one to the next), the latter NaN below two days.

    In the median of the last five, rounded. Orders of one day, in UTC, are one occasion: what is bought at 8 and at
    16 h, or in an order that was split, does not run out within hours.
    """
    row = np.repeat(np.arange(len(purchases.start)), purchases.stop - purchases.start)
    day = np.floor(history.line_day[purchases.line])
    is_first = np.diff(row, prepend=-1).astype(bool) | np.diff(day, prepend=np.nan).astype(bool)
    row, day = row[is_first], day[is_first]
    start, stop = (np.searchsorted(row, np.arange(len(purchases.start)), side) for side in ("left", "right"))
    return stop - start, np.rint(medians_of_last(np.diff(day, prepend=0.0), start + 1, stop))


def last_values(values: np.ndarray, start: np.ndarray, stop: np.ndarray, count: int) -> np.ndarray:
    """(R, count) float64: the last `count` of `values[start:stop]`, the latest first, NaN where there are fewer."""
    positions = stop[:, None] - 1 - np.arange(count)
    inside = positions >= start[:, None]
    return np.where(inside, values[np.where(inside, positions, 0)], np.nan) if len(values) else positions * np.nan


def medians_of_last(values: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """(R,) the median of the last RECENT_PURCHASES of `values[start:stop]`, NaN where that is empty."""
    window = np.sort(last_values(values, start, stop, RECENT_PURCHASES), axis=1)  # NaN goes last
    counted = (~np.isnan(window)).sum(axis=1)
    rows = np.arange(len(window))
    middle = (window[rows, np.maximum(counted - 1, 0) // 2] + window[rows, counted // 2 % RECENT_PURCHASES]) / 2
    return np.where(counted > 0, middle, np.nan)


def last_known(values: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """(R,) the last value of `values[start:stop]` that is not NaN, NaN where all are."""
    known = np.where(np.isnan(values), -1, np.arange(len(values)))
    position = np.maximum.accumulate(known)[stop - 1]
    return np.where(position >= start, values[np.maximum(position, 0)], np.nan)
