"""Collaborative filtering: item-item neighbours and matrix factorisation, both by `implicit`."""

import warnings

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, ItemItemRecommender
from implicit.utils import ParameterWarning
from scipy import sparse
from threadpoolctl import threadpool_limits

from recommender.engine.history import OrderHistory
from recommender.engine.purchases import Purchases

# By rule of thumb, as are K1 and B of BM25 below.
NEIGHBOURS = 50
FACTORS = 32
REGULARIZATION = 0.05
ITERATIONS = 10
ALPHA = 10.0  # confidence in a purchase, per unit of the matrix
BUYERS_AT_ONCE = 5_000_000  # of the pairs of products that are counted together; bounds the memory


def purchase_matrix(purchases: Purchases, clients: int, products: int) -> sparse.csr_matrix:
    """(clients, products) float32: log(1 + orders that hold the product)."""
    values = np.log1p(purchases.orders).astype(np.float32)
    return sparse.csr_matrix((values, (purchases.client, purchases.product)), shape=(clients, products))


def fit_neighbours(bought: sparse.csr_matrix) -> sparse.csr_matrix:
    """(P, P) float32, for each product its nearest neighbours by BM25 over the clients that bought both."""
    return similarity_of(BM25Recommender(K=min(NEIGHBOURS, bought.shape[1]), K1=1.2, B=0.6, num_threads=1), bought)


def fit_companions(history: OrderHistory) -> sparse.csr_matrix:
    """(P, P) float32, for each product its nearest neighbours by cosine over the orders that hold both."""
    ones = np.ones(len(history.line_order), np.float32)
    shape = (len(history.order_day), len(history.products))
    orders = sparse.csr_matrix((ones, (history.line_order, history.line_product)), shape=shape)
    return similarity_of(CosineRecommender(K=min(NEIGHBOURS, shape[1]), num_threads=1), orders)


def similarity_of(model: ItemItemRecommender, matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """`matrix`: (rows, P) float32. The largest similarity becomes 1; a product is no neighbour of its own."""
    if not matrix.nnz:
        return sparse.csr_matrix((matrix.shape[1], matrix.shape[1]), dtype=np.float32)
    with warnings.catch_warnings():
        # implicit passes its own weighted matrix on as COO, and warns of that.
        warnings.simplefilter("ignore", ParameterWarning)
        model.fit(matrix, show_progress=False)
    similarity = model.similarity.tocsr().astype(np.float32)
    similarity.setdiag(0)
    similarity.eliminate_zeros()
    similarity.data /= similarity.data.max() if similarity.nnz else 1
    similarity.sort_indices()
    return similarity


def clients_of_both(bought: sparse.csr_matrix, pairs: sparse.csr_matrix) -> np.ndarray:
    """(nnz of `pairs`,) int32: for each stored pair of products, the clients that bought both."""
    by_product = (bought > 0).astype(np.int32).tocsc()
    buyers = np.diff(by_product.indptr).astype(np.int64)
    pairs = pairs.tocoo()
    part = np.cumsum(buyers[pairs.row] + buyers[pairs.col]) // BUYERS_AT_ONCE
    bounds = np.flatnonzero(np.diff(part)) + 1
    counts = [
        np.asarray(by_product[:, row].multiply(by_product[:, col]).sum(0))[0]
        for row, col in zip(np.split(pairs.row, bounds), np.split(pairs.col, bounds), strict=True)
    ]
    return np.concatenate(counts).astype(np.int32)


def fit_factors(bought: sparse.csr_matrix, seed: int) -> np.ndarray:
    """(P, F) float32 product factors of implicit ALS (Hu, Koren & Volinsky, ICDM 2008).

    One thread, so that the same history gives the same bytes on any machine.
    """
    if not bought.nnz:
        return np.zeros((bought.shape[1], 1), np.float32)
    factors = min(FACTORS, max(1, min(bought.shape) - 1))
    with threadpool_limits(1):
        model = AlternatingLeastSquares(
            factors=factors,
            regularization=REGULARIZATION,
            alpha=ALPHA,
            iterations=ITERATIONS,
            num_threads=1,
            random_state=seed,
        )
        model.fit(bought, show_progress=False)
    return np.ascontiguousarray(model.item_factors, np.float32)


def fold_in(factors: np.ndarray, gram: np.ndarray, products: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(F,) the factors of a client the model need not have seen.

    The least-squares step of ALS for one row: `gram` is factors' factors, `products` and `weights` are
    what the client bought.
    """
    own = factors[products]
    confidence = ALPHA * weights[:, None]
    left = gram + own.T @ (own * (confidence - 1)) + REGULARIZATION * np.eye(len(gram), dtype=np.float32)
    return np.linalg.solve(left, (own * confidence).sum(axis=0))
