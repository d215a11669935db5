"""Categories of products that have none, made from who buys them."""

import numpy as np
from scipy import sparse


def made_categories(similarity: sparse.csr_matrix, buyers: np.ndarray) -> np.ndarray:
    """(P,) int32: a label for each product, -1 for one that nothing is joined with.

    A simple form of density peaks (Rodriguez & Laio, Science 2014) with the number of buyers as the
    density: each product joins the one most like it, unless more clients buy it than that one; then
    it is the head of a category. Ties go by code, so that the same similarities always give the
    same labels.

    Args:
        similarity: (P, P) neighbours, 0..1.
        buyers: (P,) clients that buy each product.
    """
    products = similarity.shape[0]
    rows = np.repeat(np.arange(products), np.diff(similarity.indptr))
    order = np.lexsort((-similarity.indices, similarity.data, rows))
    nearest = np.arange(products)
    nearest[rows[order]] = similarity.indices[order]  # the most alike is written last
    rank = np.empty(products, np.int64)
    rank[np.lexsort((np.arange(products), -buyers))] = np.arange(products)
    head = np.where(rank[nearest] < rank, nearest, np.arange(products))
    while (head[head] != head).any():
        head = head[head]
    joined = np.bincount(head, minlength=products)[head] > 1
    return np.where(joined, np.unique(head, return_inverse=True)[1], -1).astype(np.int32)
