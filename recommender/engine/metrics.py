"""How good lists are: recall, NDCG and hit rate, apart for what is repeated and what is new."""

import numpy as np

BINS = 15


def list_metrics(lists: list[np.ndarray], baskets: list[np.ndarray], bought: list[np.ndarray], k: int = 10) -> dict:
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


def expected_calibration_error(probability: np.ndarray, happened: np.ndarray) -> float:
    """Mean gap between what was promised and what happened, over equal-width bins (Naeini et al., AAAI 2015)."""
    if not len(probability):
        return float("nan")
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, probability - happened, minlength=BINS)
    return float(np.abs(gaps).sum() / len(probability))


def mean_with_interval(values: np.ndarray, seed: int = 0, draws: int = 1000) -> tuple[float, float, float]:
    """(mean, low, high): the mean over clients with its 95% bootstrap interval; NaN values do not count."""
    values = values[~np.isnan(values)]
    if not len(values):
        return (float("nan"),) * 3
    sample = np.random.default_rng(seed).choice(values, (draws, len(values))).mean(axis=1)
    return float(values.mean()), *(float(q) for q in np.quantile(sample, (0.025, 0.975)))
