"""How good lists are: recall, NDCG and hit rate, apart for what is repeated and what is new."""

import numpy as np

LIST_LENGTH = 10  # what lists are judged at, unless told otherwise
RECALL = f"recall@{LIST_LENGTH}"
BINS = 15
CERTAINTY = 0.001


def list_metrics(
    lists: list[np.ndarray], baskets: list[np.ndarray], bought: list[np.ndarray], k: int = LIST_LENGTH
) -> dict:
    """Metrics at `k`, one value a client.

    Args:
        lists: per client the suggested product codes, best first.
        baskets: per client the codes of the order to be found; never empty.
        bought: per client the codes it had bought before.

    Returns:
        name -> (clients,) float64; NaN where a client has no such part in its basket. `ndcg` has
        binary gains and the ideal of min(k, basket size); `repeat` and `explore` are recall over the
        part of the basket bought before and not (Li et al., "A next basket recommendation reality
        check", 2023).
    """
    discount = 1 / np.log2(np.arange(2, k + 2))
    rows = []
    for suggested, basket, own in zip(lists, baskets, bought, strict=True):
        top = suggested[:k]
        found = np.isin(top, basket)
        repeated = np.isin(basket, own)
        caught = np.isin(basket, top)
        rows.append(
            (
                found.sum() / len(basket),
                (found * discount[: len(top)]).sum() / discount[: min(k, len(basket))].sum(),
                float(found.any()),
                caught[repeated].mean() if repeated.any() else np.nan,
                caught[~repeated].mean() if (~repeated).any() else np.nan,
            )
        )
    table = np.array(rows).reshape(-1, 5)
    return dict(zip(("recall", "ndcg", "hit", "repeat", "explore"), table.T, strict=True))


def bin_of(probability: np.ndarray) -> np.ndarray:
    """(N,) int: which of BINS equal-width bins each probability falls into."""
    return np.minimum((probability * BINS).astype(int), BINS - 1)


def expected_calibration_error(probability: np.ndarray, happened: np.ndarray) -> float:
    """Mean gap between what was promised and what happened, over equal-width bins (Naeini et al., AAAI 2015)."""
    if not len(probability):
        return float("nan")
    bins = bin_of(probability)
    gaps = np.bincount(bins, probability - happened, minlength=BINS)
    return float(np.abs(gaps).sum() / len(probability))


def recall_curve(lists: list[np.ndarray], baskets: list[np.ndarray], longest: int) -> np.ndarray:
    """(clients, longest) float64: recall at 1, 2, ... `longest`. Arguments as of `list_metrics`."""
    found = np.zeros((len(lists), longest))
    for row, suggested, basket in zip(found, lists, baskets, strict=True):
        top = suggested[:longest]
        row[: len(top)] = np.isin(top, basket) / len(basket)
    return found.cumsum(axis=1)


def log_loss(probability: np.ndarray, happened: np.ndarray) -> np.ndarray:
    """(N,) float64. Certainty is held to be 0.1% short of it: one that fails would cost more than all else."""
    probability = np.clip(probability, CERTAINTY, 1 - CERTAINTY)
    return -np.log(np.where(happened, probability, 1 - probability))
