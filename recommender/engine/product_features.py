"""Features of the product as such: how many buy it, of late and in all, and how many come back to it."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.clock import SECONDS_PER_DAY, clock_of
from recommender.engine.history import OrderHistory
from recommender.engine.purchases import Purchases

WINDOW_DAYS = (7, 28, 91)
DOUBT = 10.0  # a product's rate counts as if so many of the mean had come before
PRODUCT_STEP = 2**34  # more than the seconds of any two orders apart

LASTING = (
    "share of clients",
    "share of orders with it",
    "share of buyers that came back",
    "chance to be in the order after one with it",
    "orders of a buyer",
    "product's gap",
)
OF_LATE = (
    *(f"share of orders of {days} days with it" for days in WINDOW_DAYS),
    "trend",
    "days on sale",
    "days since anyone bought it",
)
PRODUCT = (*LASTING, *OF_LATE)


def lasting_features(history: OrderHistory, purchases: Purchases) -> np.ndarray:
    """(P, len(LASTING)) float32; rates are drawn towards that of all products where few bought."""
    products = len(history.products)
    clock = clock_of(history, np.zeros(len(history.clients)))
    buyers = np.bincount(purchases.product, minlength=products)
    with_it = np.bincount(history.line_product, minlength=products)
    back = np.bincount(purchases.product, purchases.orders > 1, minlength=products)
    # The next line of the same client and product is in the very next order; the client's last order has none.
    after = clock.orders_after[history.line_order[purchases.line]]
    same_row = np.ones(len(after), bool)
    same_row[purchases.stop - 1] = False
    again = same_row & (after - 1 == np.r_[after[1:], -1][: len(after)])
    product = history.line_product[purchases.line]
    chances = np.bincount(product, after > 0, minlength=products)
    gap = (purchases.last_day - purchases.first_day)[purchases.orders > 1]
    gaps = (purchases.orders - 1)[purchases.orders > 1]
    repeated = purchases.product[purchases.orders > 1]
    usual_gap = gap.sum() / max(gaps.sum(), 1)
    return np.column_stack(
        [
            buyers / max(1, len(np.unique(history.order_client))),
            with_it / max(1, len(history.order_day)),
            drawn_to(back.sum() / max(buyers.sum(), 1), back, buyers),
            drawn_to(again.sum() / max(chances.sum(), 1), np.bincount(product, again, minlength=products), chances),
            with_it / np.maximum(buyers, 1),
            drawn_to(
                usual_gap,
                np.bincount(repeated, gap, minlength=products),
                np.bincount(repeated, gaps, minlength=products),
            ),
        ]
    ).astype(np.float32)


def drawn_to(mean: float, total: np.ndarray, of: np.ndarray) -> np.ndarray:
    return (total + DOUBT * mean) / (of + DOUBT)


@dataclass(frozen=True, slots=True)
class Sales:
    """When each product was bought, so that how it fares can be told of any day.

    moment  (L,) int64  product code * PRODUCT_STEP + seconds of the order since 1970-01-01 UTC, ascending
    orders  (O,) int64  seconds of all orders, ascending
    """

    moment: np.ndarray
    orders: np.ndarray


def sales_of(history: OrderHistory) -> Sales:
    second = (history.order_day * SECONDS_PER_DAY).astype(np.int64)
    return Sales(
        moment=np.sort(history.line_product.astype(np.int64) * PRODUCT_STEP + second[history.line_order]),
        orders=np.sort(second),
    )


def late_features(sales: Sales, product: np.ndarray, day: np.ndarray) -> np.ndarray:
    """(R, len(OF_LATE)) float32, how each product fared before the day beside it; NaN for one not sold by then.

    Args:
        product: (R,) int codes; day: (R,) float64, days since 1970-01-01 UTC.
    """
    base = product.astype(np.int64) * PRODUCT_STEP
    now = (day * SECONDS_PER_DAY).astype(np.int64)
    first, stop = np.searchsorted(sales.moment, base), np.searchsorted(sales.moment, base + now)
    known, everyone = stop > first, np.searchsorted(sales.orders, now)

    def share_since(days: float) -> np.ndarray:
        since = now - int(days * SECONDS_PER_DAY)
        orders = everyone - np.searchsorted(sales.orders, since)
        return (stop - np.searchsorted(sales.moment, base + since)) / np.maximum(orders, 1)

    def days_since(position: np.ndarray) -> np.ndarray:
        moment = sales.moment[np.where(known, position, 0)] if len(sales.moment) else base
        return np.where(known, (base + now - moment) / SECONDS_PER_DAY, np.nan)

    windows = [share_since(days) for days in WINDOW_DAYS]
    overall = (stop - first) / np.maximum(everyone, 1)
    return np.column_stack(
        [*windows, np.log((windows[1] + 1e-4) / (overall + 1e-4)), days_since(first), days_since(stop - 1)]
    ).astype(np.float32)
