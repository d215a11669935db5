"""An evaluation on paper: report.json for programs, report.html for people."""

import json
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from recommender.engine.metrics import LIST_LENGTH, RECALL
from recommender.evaluation import plots, tables
from recommender.evaluation.comparison import LENGTHS
from recommender.evaluation.evaluate import AfterCut, Evaluation, Occasion
from recommender.evaluation.lists import LONGEST, OURS

WHOLE = [f"{metric}@{k}" for k in LENGTHS for metric in ("recall", "ndcg", "hit", "repeat", "explore")]
EXPLORE = [f"{metric}@{k}" for k in LENGTHS for metric in ("explore", "recall", "ndcg", "hit")]
FOREMOST = [RECALL, f"ndcg@{LIST_LENGTH}", f"hit@{LIST_LENGTH}", f"recall@{LONGEST}"]


@dataclass(frozen=True, slots=True)
class Section:
    """`plot` is an <svg> element, or nothing; its figures are in the table."""

    title: str
    words: str
    table: tables.Table
    plot: str = ""


def write_report(evaluation: Evaluation, folder: Path) -> None:
    """Write both files, over those of an earlier report in the same folder."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = json.dumps(without_nan(asdict(evaluation)), default=str, indent=1, allow_nan=False)
    (folder / "report.json").write_text(figures + "\n")
    (folder / "report.html").write_text(page(evaluation))


def without_nan(figures: Any) -> Any:
    """The same with None for NaN, which JSON does not know."""
    if isinstance(figures, dict):
        return {name: without_nan(value) for name, value in figures.items()}
    if isinstance(figures, list):
        return [without_nan(value) for value in figures]
    return None if isinstance(figures, float) and isnan(figures) else figures


def page(evaluation: Evaluation) -> str:
    sections = [
        *list_sections(evaluation),
        *confidence_sections(evaluation.at_order, evaluation.between_orders),
        *client_sections(evaluation),
        *backtest_sections(evaluation),
        *sections_after_cut(evaluation.after_cut),
    ]
    context = {"evaluation": evaluation, "summary": summary(evaluation), "protocol": protocol(evaluation)}
    return render_to_string("recommender/evaluation.html", context | {"sections": sections})


def summary(evaluation: Evaluation) -> str:
    """The answer in a few sentences, before any table."""
    against = evaluation.at_order.whole.differences[RECALL]
    ours = evaluation.at_order.whole.methods[OURS][RECALL]
    if against.difference.low > 0:
        verdict = "The difference is beyond chance."
    elif against.difference.high < 0:
        verdict = "The difference is beyond chance: counting does better."
    else:
        verdict = "The difference is within what chance can do."
    more = f"{against.lift.value:+.1%}"
    if isnan(against.lift.value):  # of nothing found there is no share
        more = f"{100 * against.difference.value:+.1f} points"
    return (
        f"Ten suggestions hold {ours.value:.1%} of what a client orders next, {more} against the best simple method, "
        f"{against.baseline}. {verdict} Confidences are off by "
        f"{evaluation.at_order.calibration.methods[OURS].ece:.1%} on average."
    )


def protocol(evaluation: Evaluation) -> str:
    return (
        f"Trained on the {evaluation.trained_orders:,} orders before {evaluation.cut:%Y-%m-%d %H:%M}; judged on the "
        f"first order from then until {evaluation.until:%Y-%m-%d %H:%M} of {evaluation.judged_clients:,} clients. "
        "Small figures are 95% intervals: how far off a figure may be by the chance of who was judged. GP-TopFreq "
        "suggests what the client ordered most often, then what is popular; G-TopFreq what is popular."
    )


def list_sections(evaluation: Evaluation) -> list[Section]:
    at_order, between = evaluation.at_order, evaluation.between_orders
    return [
        Section(
            "How much of the next order is found",
            "The more products are suggested, the more of the order is among them. The higher line is the better "
            "method; the band around it is its interval.",
            tables.curve_table(at_order.whole),
            mark_safe(plots.recall_curves(at_order.whole)),
        ),
        Section(
            "All figures, asked on the day of the order",
            "Recall: share of the order found. NDCG: the same, with the first places counting more. Hit: clients with "
            "at least one product found. Repeat and explore: recall of the products the client had and had not bought "
            "before.",
            tables.metrics_table(at_order.whole, WHOLE, "Lists of all products, at the order"),
        ),
        Section(
            "All figures, asked between two orders",
            "The same orders to be found, asked for at a moment drawn between the cut and the order: what lists made "
            "overnight are like.",
            tables.metrics_table(between.whole, WHOLE, "Lists of all products, between orders"),
        ),
        Section(
            "Lists of products new to the client",
            "Only products the client never bought. Few orders hold many such products, so that all figures are small.",
            tables.metrics_table(at_order.explore, EXPLORE, "Lists of new products, at the order"),
        ),
        Section(
            "The same, asked between two orders",
            "Only products the client never bought, at the drawn moment.",
            tables.metrics_table(between.explore, EXPLORE, "Lists of new products, between orders"),
        ),
    ]


def confidence_sections(at_order: Occasion, between: Occasion) -> list[Section]:
    return [
        Section(
            f"Whether confidences are kept, asked {about}",
            "Of all products suggested with a confidence of 30%, 30% should be in the next order: on the dotted line. "
            f"Below it too much was promised. Points for fewer than {plots.FEWEST_SHOWN} suggestions are in the table "
            "alone. The lower part counts suggestions, each step ten times the one before.",
            tables.bins_table(occasion.calibration),
            mark_safe(plots.reliability_diagram(occasion.calibration, name)),
        )
        for about, name, occasion in (
            ("on the day of the order", "at-order", at_order),
            ("between two orders", "between-orders", between),
        )
    ] + [
        Section(
            "Confidences in figures",
            "Against counting with probabilities of its own, fitted on each client's last order before the cut: on our "
            "20 suggestions, and on those of GP-TopFreq. A difference below zero is in our favour.",
            tables.calibration_table(
                {
                    "at the order, our 20": at_order.calibration,
                    "at the order, its 20": at_order.counting_pairs,
                    "between, our 20": between.calibration,
                    "between, its 20": between.counting_pairs,
                }
            ),
        )
    ]


def client_sections(evaluation: Evaluation) -> list[Section]:
    sections = [
        Section(
            "For which clients it helps",
            "How much more of the order ten suggestions find than the best simple method, by how many orders the "
            "client had placed before. Where a thin line crosses zero the difference may be chance.",
            tables.size_table(evaluation.at_order.whole),
            mark_safe(plots.lift_by_size(evaluation.at_order.whole)),
        )
    ]
    if evaluation.new_clients:
        words = f"{evaluation.judged_new_clients:,} clients ordered for the first time after the cut."
        sections.append(
            Section(
                "New clients",
                words,
                tables.metrics_table(evaluation.new_clients, FOREMOST, "First orders of new clients"),
            )
        )
    return sections


def backtest_sections(evaluation: Evaluation) -> list[Section]:
    found = {
        name: backtest
        for name, backtest in (("quantity", evaluation.quantity), ("unit price", evaluation.price))
        if backtest
    }
    if not found:
        return []
    return [
        Section(
            "Quantities and prices",
            "For products in the judged orders that the client had bought before: how far off the suggested quantity "
            "and price were, beside the client's last, its mean and its median.",
            tables.backtest_table(found),
        )
    ]


def sections_after_cut(found: AfterCut) -> list[Section]:
    sections = []
    for demand in found.demand:
        words = (
            "Forecast at the cut, for every client and product it had bought. Units: foretold, as a multiple of those "
            "that came. An interval says how surely it holds: 80% or more, as units come in leaps. The loss is of the "
            "10%, 50% and 90% points, as a share of what the client usually takes at once; less is better."
        )
        title = f"Forecasts by client and product, {demand.days:.0f} days"
        sections.append(Section(title, words, tables.demand_table(demand)))
    if found.products:
        words = (
            "What all clients took of a product in each of the four weeks after the cut. 1 is as far off as last "
            "week's figure was, week by week before the cut. Models are chosen before the cut, a class of series each."
        )
        sections.append(Section("Forecasts by product", words, tables.product_table(found.products)))
    if found.upsell:
        words = (
            f"Upgrades suggested at the cut to {found.upsell.clients:,} clients, beside the dearest product of the "
            "same category that the client did not have."
        )
        sections.append(Section("Upgrades", words, tables.upsell_table(found.upsell)))
    if found.churn:
        words = (
            f"{found.churn.silent:,} of {found.churn.clients:,} clients placed no order. AUC: of two clients, one of "
            "them silent, how often the score is higher for that one."
        )
        sections.append(Section("Clients that stop ordering", words, tables.churn_table(found.churn)))
    return sections
