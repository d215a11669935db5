"""How much of a product its regular buyers take at once: what an upgrade to a larger volume rests on."""

from dataclasses import dataclass, replace

import numpy as np

from recommender.engine.history import OrderHistory, pair_codes
from recommender.engine.purchases import Purchases, purchases_of

REGULAR = 3  # purchases; with fewer nobody's usual quantity is known
FEWEST_BUYERS = 8  # regular ones, of whom a quarter is two
STEP_AT_MOST = 2  # times what the client takes now: beyond that it is another trade
USUAL_RATE, DOUBT_PURCHASES = 0.1, 20.0  # the rate is drawn to a usual one as if so many purchases had shown it


@dataclass(frozen=True, slots=True)
class Volumes:
    """Of P products; what is usual for a client is the median of its last five purchases.

    larger  (P,) float64  units that the upper quarter of the regular buyers usually takes, or more; NaN for few buyers
    takers  (P,) int32    regular buyers who usually take `larger` or more
    buyers  (P,) int32    regular buyers
    rate    of the clients below `larger` who bought again within a horizon, the share that then took it at once
    """

    larger: np.ndarray
    takers: np.ndarray
    buyers: np.ndarray
    rate: float

    def step(self, product: np.ndarray, usual: np.ndarray) -> np.ndarray:
        """(R,) float64: the larger units that a client with so many `usual` ones could go up to, NaN for none."""
        larger = self.larger[product]
        return np.where((larger > usual) & (larger <= STEP_AT_MOST * usual), larger, np.nan)


def fit_volumes(history: OrderHistory, as_of: float, horizon: float) -> Volumes:
    """The rate is that of the `horizon` days before `as_of`, by what was known before them."""
    start = as_of - horizon
    before, later = (history.where(chosen) for chosen in (history.order_day < start, history.order_day >= start))
    purchases = purchases_of(before)
    step = volumes_of(purchases, len(history.products)).step(purchases.product, purchases.quantity)
    stepped = np.flatnonzero(~np.isnan(step) & (purchases.orders >= REGULAR))
    most = largest(later, purchases.client[stepped], purchases.product[stepped])
    bought, taken = (most > 0).sum(), (most >= step[stepped]).sum()
    rate = (taken + USUAL_RATE * DOUBT_PURCHASES) / (bought + DOUBT_PURCHASES)
    return replace(volumes_of(purchases_of(history), len(history.products)), rate=round(float(rate), 4))


def volumes_of(purchases: Purchases, products: int) -> Volumes:
    regular = purchases.orders >= REGULAR
    product, usual = purchases.product[regular], purchases.quantity[regular]
    buyers = np.bincount(product, minlength=products)
    ordered = usual[np.lexsort((usual, product))]
    at = np.cumsum(buyers) - np.maximum(buyers // 4, 1)  # the least of the upper quarter
    larger = np.where(buyers >= FEWEST_BUYERS, ordered[at.clip(0)] if len(ordered) else np.nan, np.nan)
    takers = np.bincount(product[usual >= larger[product]], minlength=products)
    return Volumes(larger, takers.astype(np.int32), buyers.astype(np.int32), USUAL_RATE)


def largest(history: OrderHistory, client: np.ndarray, product: np.ndarray) -> np.ndarray:
    """(R,) float64: the most units of a product that a client took in one order, 0 for none."""
    key = pair_codes(history.line_client, history.line_product, len(history.products))
    order = np.lexsort((history.line_quantity, key))
    wanted = pair_codes(client, product, len(history.products))
    last = np.searchsorted(key[order], wanted, side="right") - 1
    if not len(order):
        return np.zeros(len(wanted))
    return np.where((last >= 0) & (key[order][last] == wanted), history.line_quantity[order][last], 0.0)
