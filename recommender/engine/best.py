"""The best of each row or group, the same ones on every machine."""

import numpy as np


def best_of(score: np.ndarray, count: int) -> np.ndarray:
    """(N, P) bool: where the `count` highest of each row of (N, P) stand, of equal ones the first.

    NumPy's argpartition alone is quicker, and leaves it to the processor which of equal ones it takes.
    """
    count = min(count, score.shape[1])
    if not count:
        return np.zeros(score.shape, bool)
    last = -np.partition(-score, count - 1, axis=1)[:, count - 1 : count]
    better, as_good = score > last, score == last
    room = count - better.sum(axis=1, keepdims=True)
    return better | (as_good & (as_good.cumsum(axis=1) <= room))


def ranks_within(group: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(R,) float32: the place of each row by `score` within its `group` ((R,) int), 0 the highest; ties go by row."""
    order = np.lexsort((-score, group))
    start = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0][: len(order)])
    rank = np.empty(len(order), np.float32)
    rank[order] = np.arange(len(order)) - np.repeat(start, np.diff(np.r_[start, len(order)]))
    return rank
