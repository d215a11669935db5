"""What a history teaches about products, apart from any one client."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recommender.engine.clock import clock_of
from recommender.engine.collaborative import (
    clients_of_both,
    fit_companions,
    fit_factors,
    fit_neighbours,
    purchase_matrix,
)
from recommender.engine.groups import Attributes, codes_in, names_in_use
from recommender.engine.history import OrderHistory
from recommender.engine.neighbours import Comparing, compared_clients, unit_length, vectors_of
from recommender.engine.popularity import recent_buyers, share_of_group
from recommender.engine.product_features import Sales, lasting_features, sales_of
from recommender.engine.purchases import purchases_of

# Clients' worth of belief that a group buys as the larger one does that it is part of. Those of a chain share
# their terms and taste, so that few of them say enough.
SEGMENT_PRIOR, CHAIN_PRIOR = 10.0, 2.0


@dataclass(frozen=True)
class Knowledge:
    """Over P products, S segments, H chains and U clients to compare with, of the history before `as_of`.

    products          (P,) str            external ids, sorted
    as_of             day from which on nothing is known
    segments, chains  names, in the order of their codes
    comparing         how clients are compared
    similarity        (P, P) csr float32  item-item neighbours over clients, 0..1
    buyers_of_both    (nnz,) int32        clients that bought both, aligned with `similarity.data`
    buyers            (P,) int32          clients that ever bought the product
    companions        (P, P) csr float32  item-item neighbours over orders, 0..1
    factors           (P, F) float32      ALS
    gram              (F, F) float32      factors' factors
    compared          (U,) str            external ids of the clients to compare with, sorted
    tastes            (U, P) csr float32  their vectors (`neighbours.vectors_of`)
    alike             (P, U) csr float32  the same at unit length, transposed: what similarity is made from
    lasting           (P, len(LASTING)) float32  product features that hold for any day
    sales             when the products were bought
    segment_buyers    (S + 1, P) csr int32  clients of the segment that bought it lately; last row: all clients
    segment_clients   (S + 1,) int32        clients of the segment that bought anything lately
    chain_buyers      (H + 1, P) csr int32  the same of chains
    chain_clients     (H + 1,) int32
    quantity          (P,) float64        median units per purchase
    price             (P,) float64        median unit price paid, NaN where none is known
    """

    products: np.ndarray
    as_of: float
    segments: list[str]
    chains: list[str]
    comparing: Comparing
    similarity: sparse.csr_matrix
    buyers_of_both: np.ndarray
    buyers: np.ndarray
    companions: sparse.csr_matrix
    factors: np.ndarray
    gram: np.ndarray
    compared: np.ndarray
    tastes: sparse.csr_matrix
    alike: sparse.csr_matrix
    lasting: np.ndarray
    sales: Sales
    segment_buyers: sparse.csr_matrix
    segment_clients: np.ndarray
    chain_buyers: sparse.csr_matrix
    chain_clients: np.ndarray
    quantity: np.ndarray
    price: np.ndarray

    def popularity(self, segment: np.ndarray, chain: np.ndarray) -> np.ndarray:
        """(N, P) float64: share of the clients like each of N that bought it lately.

        A chain is drawn towards its segment, a segment towards all clients.

        Args:
            segment, chain: (N,) int codes, -1 for none.
        """
        overall = self.segment_buyers[-1].toarray()[0] / max(self.segment_clients[-1], 1)
        in_segment = share_of_group(self.segment_buyers, self.segment_clients, segment, overall, SEGMENT_PRIOR)
        return share_of_group(self.chain_buyers, self.chain_clients, chain, in_segment, CHAIN_PRIOR)

    def share_of_buyers(self, product: int, other: int) -> tuple[int, int]:
        """(clients that bought both, clients that bought `other`), for a pair of neighbours."""
        row = slice(*self.similarity.indptr[other : other + 2])
        at = np.flatnonzero(self.similarity.indices[row] == product)
        return int(self.buyers_of_both[row][at[0]]) if len(at) else 0, int(self.buyers[other])

    def shares_of_buyers(self, product: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`share_of_buyers` of N pairs: two arrays (N,) int."""
        pattern = self.similarity.indices, self.similarity.indptr
        both = sparse.csr_matrix((self.buyers_of_both, *pattern), self.similarity.shape, copy=False)
        return np.asarray(both[other, product]).ravel(), self.buyers[other]

    def recent_buyers(self, segment: int) -> tuple[np.ndarray, int]:
        """((P,) int, clients that bought each product lately; clients that bought anything), -1 for all segments."""
        return self.segment_buyers[segment].toarray()[0], int(self.segment_clients[segment])


def learn(history: OrderHistory, attributes: Attributes, as_of: float, comparing: Comparing, seed: int) -> Knowledge:
    """`history` ends before day `as_of`; `attributes` are its clients'."""
    products = len(history.products)
    purchases = purchases_of(history)
    clock = clock_of(history, np.full(len(history.clients), as_of))
    bought = purchase_matrix(purchases, len(history.clients), products)
    similarity = fit_neighbours(bought)
    factors = fit_factors(bought, seed)
    segments, chains = names_in_use(attributes.segment), names_in_use(attributes.chain)
    segment_buyers, segment_clients = recent_buyers(
        history, as_of, codes_in(attributes.segment, segments), len(segments)
    )
    chain_buyers, chain_clients = recent_buyers(history, as_of, codes_in(attributes.chain, chains), len(chains))
    compared = compared_clients(clock.orders, seed)
    tastes = vectors_of(history, clock, purchases, comparing.decay, products)[compared]
    return Knowledge(
        products=history.products,
        as_of=as_of,
        segments=segments,
        chains=chains,
        comparing=comparing,
        similarity=similarity,
        buyers_of_both=clients_of_both(bought, similarity),
        buyers=np.bincount(purchases.product, minlength=products).astype(np.int32),
        companions=fit_companions(history),
        factors=factors,
        gram=factors.T @ factors,
        compared=history.clients[compared],
        tastes=tastes,
        alike=unit_length(tastes).T.tocsr(),
        lasting=lasting_features(history, purchases),
        sales=sales_of(history),
        segment_buyers=segment_buyers,
        segment_clients=segment_clients,
        chain_buyers=chain_buyers,
        chain_clients=chain_clients,
        quantity=group_medians(history.line_product, history.line_quantity, products),
        price=group_medians(history.line_product, history.line_price, products),
    )


def group_medians(group: np.ndarray, values: np.ndarray, groups: int) -> np.ndarray:
    """(groups,) float64: the lower median of the known values of each group, NaN where there is none."""
    known = ~np.isnan(values)
    group, values = group[known], values[known]
    order = np.lexsort((values, group))
    counts = np.bincount(group, minlength=groups)
    middle = np.cumsum(counts) - counts + (counts - 1) // 2
    return np.where(counts > 0, values[order][np.minimum(middle, len(values) - 1)] if len(values) else np.nan, np.nan)
