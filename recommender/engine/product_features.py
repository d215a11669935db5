"""Features of the product as such: how many buy it, of late and in all, and how many come back to it."""

import numpy as np

from recommender.engine.clock import clock_of
from recommender.engine.history import OrderHistory
from recommender.engine.purchases import Purchases

WINDOW_DAYS = (7, 28, 91)

PRODUCT = (
    "share of clients",
    "share of orders with it",
    *(f"share of orders of {days} days with it" for days in WINDOW_DAYS),
    "trend",
    "share of buyers that came back",
    "chance to be in the order after one with it",
    "orders of a buyer",
    "days on sale",
    "days since anyone bought it",
)


def product_features(history: OrderHistory, purchases: Purchases, as_of: float) -> np.ndarray:
    """(P, len(PRODUCT)) float32 as of day `as_of`; rates are drawn towards that of all products where few bought."""
    products = len(history.products)
    clock = clock_of(history, np.full(len(history.clients), as_of))
    buyers = np.bincount(purchases.product, minlength=products)
    with_it = np.bincount(history.line_product, minlength=products)
    age = clock.age_days[history.line_order]

    def share_of_window(days: float) -> np.ndarray:
        orders = max(1, int((clock.age_days <= days).sum()))
        return np.bincount(history.line_product[age <= days], minlength=products) / orders

    windows = [share_of_window(days) for days in WINDOW_DAYS]
    overall = with_it / max(1, len(history.order_day))
    back = np.bincount(purchases.product, purchases.orders > 1, minlength=products)
    # The next line of the same client and product is in the very next order; the client's last order has none.
    after = clock.orders_after[history.line_order[purchases.line]]
    same_row = np.ones(len(after), bool)
    same_row[purchases.stop - 1] = False
    again = same_row & (after - 1 == np.r_[after[1:], -1])
    product = history.line_product[purchases.line]
    chances = np.bincount(product, after > 0, minlength=products)
    return np.column_stack(
        [
            buyers / max(1, len(np.unique(history.order_client))),
            overall,
            *windows,
            np.log((windows[1] + 1e-4) / (overall + 1e-4)),
            drawn_to_mean(back, buyers),
            drawn_to_mean(np.bincount(product, again, minlength=products), chances),
            with_it / np.maximum(buyers, 1),
            extreme_age(np.maximum, history.line_product, age, products),
            extreme_age(np.minimum, history.line_product, age, products),
        ]
    ).astype(np.float32)


def drawn_to_mean(hits: np.ndarray, of: np.ndarray, prior: float = 10.0) -> np.ndarray:
    mean = hits.sum() / max(of.sum(), 1)
    return (hits + prior * mean) / (of + prior)


def extreme_age(extreme: np.ufunc, product: np.ndarray, age: np.ndarray, products: int) -> np.ndarray:
    """(P,) the greatest or smallest age of each product's lines, NaN for one without."""
    found = np.full(products, -np.inf if extreme is np.maximum else np.inf)
    extreme.at(found, product, age)
    return np.where(np.isfinite(found), found, np.nan)
