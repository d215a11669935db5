"""The plots of the report, as SVG that takes its colours and letters from the page around it."""

import io
import re
from collections.abc import Callable

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from recommender.engine.bootstrap import Estimate
from recommender.engine.metrics import BINS
from recommender.evaluation.calibration import COUNTING, Calibration
from recommender.evaluation.comparison import MethodsCompared
from recommender.evaluation.lists import OURS, PERSONAL, POPULAR

# Drawn in colours that stand for one of the page's, which differ by day and night.
INK = "#010101"
COLOURS = {OURS: "#010102", PERSONAL: "#010103", COUNTING: "#010103", POPULAR: "#010104"}
PAGE_COLOURS = {
    "#010101": "currentColor",
    "#010102": "var(--ours)",
    "#010103": "var(--own-counts)",
    "#010104": "var(--popular)",
}
MARKERS = {OURS: "o", PERSONAL: "s", COUNTING: "s", POPULAR: "^"}  # told apart without colours too
FEWEST_SHOWN = 20  # suggestions that a point of the reliability diagram stands for
WIDTH = 5.0  # inches of 72 points: letters of 9 points can still be read on a phone
STYLE = {
    "svg.fonttype": "none",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def recall_curves(comparison: MethodsCompared) -> str:
    """Recall by length of the list, a line a method with its interval as a band."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for method, curve in comparison.curve.items():
            lengths = range(1, len(curve) + 1)
            colour = COLOURS[method]
            axes.fill_between(
                lengths, *zip(*((e.low, e.high) for e in curve), strict=True), color=colour, alpha=0.2, lw=0
            )
            axes.plot(lengths, [e.value for e in curve], color=colour, marker=MARKERS[method], ms=3, label=method)
        axes.set_xlabel("products suggested")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel("share of the order found")
        axes.set_xlim(0.5, len(curve) + 0.5)
        axes.set_ylim(0)
        in_percent(axes)
        axes.legend(loc="upper left")

    return svg_of("recall", 3.4, draw)


def reliability_diagram(calibration: Calibration, name: str) -> str:
    """What was promised against what happened, above how many promises of each kind there were."""

    def draw(figure: Figure) -> None:
        axes, counts = figure.subplots(2, sharex=True, height_ratios=(3, 1))
        axes.plot([0, 1], [0, 1], color=INK, ls=":", lw=1)
        for shift, (method, reliability) in zip((-0.2, 0.2), calibration.methods.items(), strict=True):
            bins, colour = reliability.bins, COLOURS[method]
            points = [b for b in bins if b.count >= FEWEST_SHOWN]
            axes.errorbar(
                [b.promised for b in points],
                [b.happened.value for b in points],
                yerr=bars([b.happened for b in points]),
                color=colour, marker=MARKERS[method], ms=4, lw=1, label=method,
            )  # fmt: skip
            middle = [(b.start + b.stop) / 2 + shift * (b.stop - b.start) for b in bins]
            counts.bar(middle, [b.count for b in bins], 0.4 / BINS, color=colour)
        axes.set_ylabel("came true")
        axes.set_ylim(0, 1)
        axes.legend(loc="upper left")
        in_percent(axes)
        counts.set_ylabel("how many")
        counts.set_yscale("log")
        counts.set_ylim(0.5)
        counts.set_xlabel("confidence")
        counts.set_xlim(0, 1)
        counts.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))

    return svg_of(name, 4.4, draw)


def lift_by_size(comparison: MethodsCompared) -> str:
    """How much more of the order is found than by the best baseline, by the orders a client had placed before."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        groups = [group for group in comparison.by_size if group.lift.low == group.lift.low]
        lifts = [group.lift for group in groups]
        axes.axhline(0, color=INK, lw=1)
        axes.bar(range(len(groups)), [e.value for e in lifts], 0.6, color=COLOURS[OURS], alpha=0.5)
        axes.errorbar(range(len(groups)), [e.value for e in lifts], yerr=bars(lifts), color=INK, fmt="none", capsize=3)
        labels = [f"{size_of(group.fewest, group.most)}\n({group.clients:,})" for group in groups]
        axes.set_xticks(range(len(groups)), labels)
        axes.set_xlabel("orders before the cut (clients)")
        axes.set_ylabel("more found than by counting")
        in_percent(axes)

    return svg_of("lift", 3.2, draw)


def size_of(fewest: int, most: int | None) -> str:
    return f"{fewest} or more" if most is None else str(fewest) if most == fewest else f"{fewest} to {most}"


def bars(estimates: list[Estimate]) -> tuple[list[float], list[float]]:
    below = [max(e.value - e.low, 0) for e in estimates]
    return below, [max(e.high - e.value, 0) for e in estimates]


def in_percent(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    axes.grid(axis="y", color=INK, alpha=0.15, lw=0.5)


def svg_of(name: str, height: float, draw: Callable[[Figure], None]) -> str:
    """An <svg> element to stand in a page; `name` keeps its ids apart from those of other plots."""
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": name}):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        draw(figure)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r'<svg [^>]*(viewBox="[^"]*")[^>]*>', r'<svg \1 aria-hidden="true">', svg, count=1)
    svg = re.sub(r'font-family: [^;"]*', "font-family: inherit", svg)
    for drawn, shown in PAGE_COLOURS.items():
        svg = svg.replace(drawn, shown)
    return svg
