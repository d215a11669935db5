"""Figures of an evaluation as tables of text."""

from dataclasses import dataclass
from math import isnan

from recommender.engine.intervals import Estimate
from recommender.evaluation.backtests import Backtest
from recommender.evaluation.calibration import Calibration
from recommender.evaluation.comparison import Comparison
from recommender.evaluation.plots import size_of


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    interval: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`rows`: what the row is about, and its cells."""

    caption: str
    columns: list[str]
    rows: list[tuple[str, list[Cell]]]


def percent(estimate: Estimate, sign: str = "") -> Cell:
    return cell(estimate, f"{sign}.1%")


def cell(estimate: Estimate, shape: str) -> Cell:
    if isnan(estimate.value):
        return Cell("none")
    interval = "" if isnan(estimate.low) else f"{estimate.low:{shape}} to {estimate.high:{shape}}"
    return Cell(f"{estimate.value:{shape}}", interval)


def metrics_table(comparison: Comparison, metrics: list[str], caption: str) -> Table:
    """A row a metric: every method, and ours against the best baseline."""
    rows = []
    for metric in metrics:
        against = comparison.differences[metric]
        cells = [percent(values[metric]) for values in comparison.methods.values()]
        rows.append((metric, [*cells, percent(against.difference, "+"), Cell(against.baseline)]))
    return Table(caption, ["", *comparison.methods, "difference (points)", "to"], rows)


def curve_table(comparison: Comparison) -> Table:
    return Table(
        "Share of the order found, by number of products suggested",
        ["products", *comparison.curve],
        [
            (str(k), [percent(estimate) for estimate in at_k])
            for k, at_k in enumerate(zip(*comparison.curve.values(), strict=True), start=1)
        ],
    )


def size_table(comparison: Comparison) -> Table:
    return Table(
        "Recall@10 by orders before the cut",
        ["orders", "clients", "Sales AI", "best baseline", "more found"],
        [
            (
                size_of(group.fewest, group.most),
                [Cell(f"{group.clients:,}"), percent(group.ours), percent(group.baseline), percent(group.lift, "+")],
            )
            for group in comparison.by_size
        ],
    )


def bins_table(calibration: Calibration) -> Table:
    rows = [
        (f"{method}, {found.start:.0%} to {found.stop:.0%}",
         [Cell(f"{found.count:,}"), Cell(f"{found.promised:.1%}"), percent(found.happened)])
        for method, reliability in calibration.methods.items()
        for found in reliability.bins
    ]  # fmt: skip
    return Table("Confidences and what came true", ["confidence", "how many", "promised", "came true"], rows)


def calibration_table(calibrations: dict[str, Calibration]) -> Table:
    rows = []
    for about, calibration in calibrations.items():
        rows += [
            (f"{about}: {method}",
             [Cell(f"{found.ece:.4f}"), cell(found.brier, ".4f"), cell(found.log_loss, ".4f")])
            for method, found in calibration.methods.items()
        ]  # fmt: skip
        rows.append(
            (
                f"{about}: difference",
                [Cell(""), cell(calibration.brier_difference, "+.4f"), cell(calibration.log_loss_difference, "+.4f")],
            )
        )
    return Table("Errors of confidences: less is better", ["", "calibration error", "Brier score", "log loss"], rows)


def backtest_table(backtests: dict[str, Backtest]) -> Table:
    [methods] = {tuple(found.methods) for found in backtests.values()}
    return Table(
        "Sum of errors as a share of the sum of actual figures: less is better",
        ["", *methods, "difference (points)", "to", "lines"],
        [
            (
                about,
                [percent(found.methods[method]) for method in methods]
                + [percent(found.difference, "+"), Cell(found.best), Cell(f"{found.lines:,}")],
            )
            for about, found in backtests.items()
        ],
    )
