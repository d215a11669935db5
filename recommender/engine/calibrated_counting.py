"""GP-TopFreq with probabilities: what confidences have to beat, as baselines.py is what lists do."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recommender.engine.history import OrderHistory, pair_codes

if TYPE_CHECKING:
    from sklearn.isotonic import IsotonicRegression


class CalibratedCounting:
    """Isotonic regressions (Zadrozny and Elkan, KDD 2002) from shares of orders to "the next order has it".

    For a product of the client's own the share is that of the client's orders with it; for one it
    never bought, that of everyone's orders. Both are fitted on the last order of each client in
    `history` that has one before it, with the shares of the orders before; so nothing that is
    judged after `history` has been seen.
    """

    def __init__(self, history: OrderHistory) -> None:
        self.products = len(history.products)
        self.own, self.popular = own_shares(history), popular_shares(history)
        earlier, last = without_last_orders(history)
        clients = np.unique(last.order_client)
        before = own_shares(earlier.where(np.isin(earlier.order_client, clients)))
        bought = pair_codes(last.line_client, last.line_product, self.products)
        self.repeat = fitted(before.share, np.isin(before.pair, bought), np.ones(len(before.pair)))
        # Each product once, weighted by the clients that never had it: the same fit as one row a pair.
        without = len(clients) - np.bincount(before.pair % self.products, minlength=self.products)
        first_time = np.bincount(bought[~np.isin(bought, before.pair)] % self.products, minlength=self.products)
        asked = without > 0
        self.explore = fitted(popular_shares(earlier)[asked], first_time[asked] / without[asked], without[asked])

    def probability(self, client: np.ndarray, product: np.ndarray) -> np.ndarray:
        """(N,) float64, that the next order of a client has a product; codes of the history, which may know neither."""
        unknown = product >= self.products
        product = np.where(unknown, 0, product)
        pair = pair_codes(client, product, self.products)
        at = np.searchsorted(self.own.pair, pair).clip(max=len(self.own.pair) - 1)
        is_own = (self.own.pair[at] == pair) & ~unknown
        share = np.where(unknown, 0, self.popular[product])
        return np.where(is_own, predicted(self.repeat, self.own.share[at]), predicted(self.explore, share))


@dataclass(frozen=True, slots=True)
class Shares:
    """pair (R,) int64, a client and product, ascending; share (R,) float64 of the client's orders with the product."""

    pair: np.ndarray
    share: np.ndarray


def own_shares(history: OrderHistory) -> Shares:
    keys = pair_codes(history.line_client, history.line_product, len(history.products))
    pair, orders = np.unique(keys, return_counts=True)
    of_client = np.bincount(history.order_client, minlength=len(history.clients))
    return Shares(pair, orders / of_client[pair // len(history.products)])


def popular_shares(history: OrderHistory) -> np.ndarray:
    """(P,) float64."""
    return np.bincount(history.line_product, minlength=len(history.products)) / max(len(history.order_day), 1)


def without_last_orders(history: OrderHistory) -> tuple[OrderHistory, OrderHistory]:
    """(the orders but the last of each client with two or more, those last ones)."""
    positions = np.arange(len(history.order_client))
    first, stop = (np.searchsorted(history.order_client, history.order_client, side) for side in ("left", "right"))
    is_last = (positions == stop - 1) & (stop - first > 1)
    return history.where(~is_last), history.where(is_last)


def fitted(share: np.ndarray, happened: np.ndarray, weight: np.ndarray) -> "IsotonicRegression | None":
    # Here, because only evaluation needs it and it takes long to import.
    from sklearn.isotonic import IsotonicRegression

    if not len(share):
        return None
    return IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(share, happened.astype(float), weight)


def predicted(regression: "IsotonicRegression | None", share: np.ndarray) -> np.ndarray:
    return np.zeros(len(share)) if regression is None else regression.predict(share)
