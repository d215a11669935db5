"""Figures of an evaluation as tables of text."""

from dataclasses import dataclass
from math import isnan

from recommender.engine.bootstrap import Estimate
from recommender.evaluation.calibration import Calibration
from recommender.evaluation.churn import ChurnBacktest
from recommender.evaluation.comparison import SIZE_METRIC, MethodsCompared
from recommender.evaluation.demand import DemandBacktest
from recommender.evaluation.lists import OURS
from recommender.evaluation.plots import size_of
from recommender.evaluation.product_forecasts import SeriesGroup
from recommender.evaluation.terms_backtest import Backtest
from recommender.evaluation.upsell import UpsellBacktest


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


def metrics_table(comparison: MethodsCompared, metrics: list[str], caption: str) -> Table:
    """A row a metric: every method, and ours against the best baseline."""
    rows = []
    for metric in metrics:
        against = comparison.differences[metric]
        cells = [percent(values[metric]) for values in comparison.methods.values()]
        rows.append((metric, [*cells, percent(against.difference, "+"), Cell(against.baseline)]))
    return Table(caption, ["", *comparison.methods, "difference (points)", "to"], rows)


def curve_table(comparison: MethodsCompared) -> Table:
    return Table(
        "Share of the order found, by number of products suggested",
        ["products", *comparison.curve],
        [
            (str(k), [percent(estimate) for estimate in at_k])
            for k, at_k in enumerate(zip(*comparison.curve.values(), strict=True), start=1)
        ],
    )


def size_table(comparison: MethodsCompared) -> Table:
    return Table(
        f"{SIZE_METRIC.capitalize()} by orders before the cut",
        ["orders", "clients", OURS, "best baseline", "more found"],
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


def demand_table(found: DemandBacktest) -> Table:
    methods = list(found.groups[0].losses)
    return Table(
        f"Units over {found.days:.0f} days, by client and product",
        ["", "pairs", "promised", "bought", "units", "level said", "held", "difference (points)"]
        + [f"loss: {method}" for method in methods]
        + ["difference"],
        [
            (
                group.about,
                [Cell(f"{group.pairs:,}"), percent(group.promised), percent(group.bought), cell(group.units, ".2f")]
                + [percent(group.level), percent(group.coverage), percent(group.gap, "+")]
                + [cell(group.losses[method], ".4f") for method in methods]
                + [cell(group.difference, "+.4f")],
            )
            for group in found.groups
        ],
    )


def product_table(groups: list[SeriesGroup]) -> Table:
    methods = list(groups[0].errors)
    return Table(
        "RMSSE of weekly units by product: less is better",
        ["series", "products", "model chosen", *methods, "difference", "to"],
        [
            (
                group.about,
                [Cell(f"{group.products:,}"), Cell(group.model)]
                + [cell(group.errors[method], ".3f") for method in methods]
                + [cell(group.difference, "+.3f"), Cell(group.best)],
            )
            for group in groups
        ],
    )


def upsell_table(found: UpsellBacktest) -> Table:
    rows = [
        (method, [Cell(f"{found.suggestions[method]:,}"), percent(share)]) for method, share in found.bought.items()
    ]
    rows.append(("difference (points)", [Cell(""), percent(found.difference, "+")]))
    if volumes := found.volumes:
        rows.append(("larger volumes: promised", [Cell(f"{volumes.suggestions:,}"), percent(volumes.promised)]))
        rows.append(("larger volumes: taken at once", [Cell(""), percent(volumes.taken)]))
    return Table(f"Upgrades bought within {found.days:.0f} days", ["", "suggested", "bought"], rows)


def churn_table(found: ChurnBacktest) -> Table:
    rows = [(score, [cell(area, ".3f")]) for score, area in found.areas.items()]
    difference = ("difference of the first and the last", [cell(found.difference, "+.3f")])
    return Table(f"AUC: no order within {found.days:.0f} days", ["score", "AUC"], [*rows, difference])
