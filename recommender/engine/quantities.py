"""How many units a client will take of a product it bought before."""

import numpy as np

from recommender.engine.history import OrderHistory
from recommender.engine.purchases import Purchases, last_values

RECENT_QUANTITIES = 10  # of the last purchases; what lies further back would hardly weigh
DECAY = 0.85  # weight of a purchase against the one after it
TYPICAL_WEIGHT = 0.9  # of what is typical of product and client, against the last purchase
SINGLE_AT_MOST = 3  # times what is typical: a larger single purchase is not likely to come again
PRIOR_LINES = 3  # lines that speak for a client of usual size, until its own say otherwise


def usual_quantities(history: OrderHistory, purchases: Purchases, typical: np.ndarray) -> np.ndarray:
    """(R,) float64 units, for each row of the history's `purchases`.

    The weighted median of the client's last purchases, later ones weighing more, and of one more
    that is what the product is typically ordered in times the size of the client's orders, as
    against what is typical of everything it buys. A median is what minimises absolute errors; the
    one more keeps two purchases that differ from being decided by chance, and never outvotes one;
    but of a single purchase no more than SINGLE_AT_MOST times the typical one is believed.

    Each row depends on its client's orders and `typical` alone: any batch gives it the same bytes.

    Args:
        typical: (P',) float64, P' up to P, median units of a product in anyone's order; NaN, like a
            product from P' on, where that is not known.
    """
    known = of_catalogue(typical, len(history.products))
    bought = last_values(history.line_quantity[purchases.line], purchases.start, purchases.stop, RECENT_QUANTITIES)
    size = client_sizes(history, typical)[purchases.client]
    one_more = (known[purchases.product] * size).round(3)[:, None]
    medians = weighted_medians(
        np.nan_to_num(np.hstack([bought, one_more])),
        np.hstack([~np.isnan(bought) * DECAY ** np.arange(RECENT_QUANTITIES), ~np.isnan(one_more) * TYPICAL_WEIGHT]),
    )
    return np.where(purchases.orders == 1, np.fmin(medians, SINGLE_AT_MOST * one_more[:, 0]), medians)


def of_catalogue(typical: np.ndarray, products: int) -> np.ndarray:
    """(P,) float64: `typical` with NaN for the products that follow."""
    return np.concatenate([typical, np.full(products - len(typical), np.nan)])


def client_sizes(history: OrderHistory, typical: np.ndarray) -> np.ndarray:
    """(C,) float64: the client's quantities as a multiple of what is typical, by their geometric mean.

    Args:
        typical: as of `usual_quantities`.
    """
    known = of_catalogue(typical, len(history.products))
    ratio = np.log(history.line_quantity / known[history.line_product])
    counted = ~np.isnan(ratio)
    client, clients = history.line_client[counted], len(history.clients)
    return np.exp(
        np.bincount(client, ratio[counted], minlength=clients) / (np.bincount(client, minlength=clients) + PRIOR_LINES)
    )


def weighted_medians(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(R,) the lower weighted median of each row of (R, N) `values`; no weight, no say."""
    return weighted_quantiles(values, weights, (0.5,))[:, 0]


def weighted_quantiles(values: np.ndarray, weights: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """(R, Q) the lower weighted quantiles of each row of (R, N) `values` at Q levels; no weight, no say."""
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    # A value without weight may stand before the quantile, never at it: the sum does not rise there.
    at = [np.argmax(reached >= reached[:, -1:] * level, axis=1) for level in levels]
    return np.take_along_axis(ordered, np.column_stack(at), axis=1)
