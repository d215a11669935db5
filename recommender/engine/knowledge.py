"""What a history teaches about products, apart from any one client."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recommender.engine.collaborative import clients_of_both, fit_factors, fit_neighbours, purchase_matrix
from recommender.engine.history import OrderHistory
from recommender.engine.popularity import recent_buyers
from recommender.engine.purchases import purchases_of


@dataclass(frozen=True)
class Knowledge:
    """Over P products and S segments, of the history before `as_of`.

    products        (P,) str            external ids, sorted
    similarity      (P, P) csr float32  item-item neighbours, 0..1
    buyers_of_both  (nnz,) int32        clients that bought both, aligned with `similarity.data`
    buyers          (P,) int32          clients that ever bought the product
    factors         (P, F) float32      ALS
    gram            (F, F) float32      factors' factors
    recent_buyers   (S + 1, P) int32    clients of the segment that bought it lately; last row: all clients
    recent_clients  (S + 1,) int32      clients of the segment that bought anything lately
    quantity        (P,) float64        median units per purchase
    price           (P,) float64        median unit price paid, NaN where none is known
    """

    products: np.ndarray
    similarity: sparse.csr_matrix
    buyers_of_both: np.ndarray
    buyers: np.ndarray
    factors: np.ndarray
    gram: np.ndarray
    recent_buyers: np.ndarray
    recent_clients: np.ndarray
    quantity: np.ndarray
    price: np.ndarray

    def popularity(self) -> np.ndarray:
        """(S + 1, P) float64: share of the segment's clients that bought it lately, drawn towards that of all.

        Row -1 is for clients without a segment.
        """
        overall = self.recent_buyers[-1] / max(self.recent_clients[-1], 1)
        prior = 10  # clients
        return (self.recent_buyers + prior * overall) / (self.recent_clients[:, None] + prior)

    def share_of_buyers(self, product: int, other: int) -> tuple[int, int]:
        """(clients that bought both, clients that bought `other`), for a pair of neighbours."""
        row = slice(*self.similarity.indptr[other : other + 2])
        at = np.flatnonzero(self.similarity.indices[row] == product)
        return int(self.buyers_of_both[row][at[0]]) if len(at) else 0, int(self.buyers[other])


def learn(history: OrderHistory, as_of: float, segment: np.ndarray, segments: int, seed: int) -> Knowledge:
    """`segment`: (C,) int, segment code of each client, -1 for none."""
    purchases = purchases_of(history)
    bought = purchase_matrix(purchases, len(history.clients), len(history.products))
    similarity = fit_neighbours(bought)
    factors = fit_factors(bought, seed)
    buyers, clients = recent_buyers(history, as_of, segment, segments)
    return Knowledge(
        products=history.products,
        similarity=similarity,
        buyers_of_both=clients_of_both(bought, similarity),
        buyers=np.bincount(purchases.product, minlength=len(history.products)).astype(np.int32),
        factors=factors,
        gram=factors.T @ factors,
        recent_buyers=buyers,
        recent_clients=clients,
        quantity=group_medians(history.line_product, history.line_quantity, len(history.products)),
        price=group_medians(history.line_product, history.line_price, len(history.products)),
    )


def group_medians(group: np.ndarray, values: np.ndarray, groups: int) -> np.ndarray:
    """(groups,) float64: the lower median of the known values of each group, NaN where there is none."""
    known = ~np.isnan(values)
    group, values = group[known], values[known]
    order = np.lexsort((values, group))
    counts = np.bincount(group, minlength=groups)
    middle = np.cumsum(counts) - counts + (counts - 1) // 2
    return np.where(counts > 0, values[order][np.minimum(middle, len(values) - 1)] if len(values) else np.nan, np.nan)
