"""How far suggested quantities and prices were off, for products bought again."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.bootstrap import Bootstrap, Estimate
from recommender.engine.history import pair_codes, positions_in
from recommender.engine.purchases import Purchases
from recommender.evaluation.judged import JudgedOrders
from recommender.evaluation.lists import OURS

SIMPLE = {"last": lambda values: values[-1], "mean": np.mean, "median": np.median}  # of the client's former purchases


@dataclass(frozen=True, slots=True)
class Backtest:
    """Weighted absolute percentage error, sum |error| / sum actual, over `lines` of the judged orders.

    `difference`: ours less that of `best`, the best of the simple estimates.
    """

    lines: int
    methods: dict[str, Estimate]
    best: str
    difference: Estimate


def backtest(
    judged: JudgedOrders, own: Purchases, actual: np.ndarray, former: np.ndarray, ours: np.ndarray, bootstrap: Bootstrap
) -> Backtest | None:
    """None where no product was bought again whose actual and former figures are known.

    Args:
        own: purchases of the judged orders' history.
        actual: (L,) float64 of the judged lines.
        former: (H,) float64 of the history's lines.
        ours: (R,) float64 of the rows of `own`.
    """
    products = len(judged.history.products)
    rows = pair_codes(own.client, own.product, products)
    wanted = pair_codes(judged.client, judged.product, products)
    at = positions_in(rows, wanted)
    lines = np.flatnonzero(at >= 0)
    simple = simple_estimates(judged, rows, former)
    estimates = {OURS: ours[at[lines]]} | {name: values[at[lines]] for name, values in simple.items()}
    known = ~np.isnan([actual[lines], *estimates.values()]).any(axis=0)
    lines = lines[known]
    if not len(lines):
        return None
    client, clients = judged.client[lines], len(judged.ordered)
    total = np.bincount(client, actual[lines], clients)
    errors = {
        name: np.bincount(client, np.abs(values[known] - actual[lines]), clients) for name, values in estimates.items()
    }
    best = min(SIMPLE, key=lambda name: errors[name].sum())
    return Backtest(
        lines=len(lines),
        methods={name: bootstrap.ratio(of_clients, total) for name, of_clients in errors.items()},
        best=best,
        difference=bootstrap.ratio(errors[OURS] - errors[best], total),
    )


def simple_estimates(judged: JudgedOrders, rows: np.ndarray, former: np.ndarray) -> dict[str, np.ndarray]:
    """name -> (R,) float64 from the known former figures of each client and product, NaN where there is none."""
    history = judged.history
    known = np.flatnonzero(~np.isnan(former))
    key = pair_codes(history.line_client[known], history.line_product[known], len(history.products))
    by_key = np.argsort(key, kind="stable")
    found, first = np.unique(key[by_key], return_index=True)
    groups = np.split(former[known][by_key], first[1:]) if len(found) else []
    at = np.searchsorted(rows, found)
    estimates = {}
    for name, estimate in SIMPLE.items():
        estimates[name] = np.full(len(rows), np.nan)
        estimates[name][at] = [estimate(group) for group in groups]
    return estimates
