"""Draw the plots of docs/how-it-works.md into docs/images, from the demo's generated orders: `make plots`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from benchmarks.own_database import own_database
from recommender import demo_history
from recommender.engine.outcomes import standing
from recommender.evaluation.calibration import Calibration
from recommender.evaluation.comparison import MethodsCompared
from recommender.evaluation.evaluate import evaluate
from recommender.evaluation.lists import OURS
from recommender.models import Order, OrderLine
from recommender.registry import promote
from recommender.requests import DEMAND_FORECASTING, RECOMMENDATION, SuggestionRequest
from recommender.suggestions import suggest
from recommender.training import train_version

IMAGES = Path(__file__).parent / "images"
CLIENTS = 400
END = datetime(2026, 11, 1, tzinfo=UTC)
SHOWN_DAYS = 180
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "docs", "font.size": 9, "axes.spines.top": False,
         "axes.spines.right": False, "legend.frameon": False, "axes.grid.axis": "y", "grid.alpha": 0.3}  # fmt: skip


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with matplotlib.rc_context(STYLE), own_database():
        demo_history.load(demo_history.generate(CLIENTS, seed=7, end=END))
        promote(train_version(END))
        draw("hold-back", hold_back)
        client = busiest_client()
        draw("reasons", lambda axes: reasons(axes, client), height=3.6)
        draw("forecast", lambda axes: forecast(axes, client))
        evaluation = evaluate(END - timedelta(days=60), END)
        draw("recall", lambda axes: recall(axes, evaluation.at_order.whole))
        draw("confidence", lambda axes: confidence(axes, evaluation.at_order.calibration))


def draw(name: str, plot, height: float = 3.0) -> None:
    """`plot` takes the axes; the file gets the same bytes from the same data."""
    figure = Figure(figsize=(6.5, height), layout="constrained")
    plot(figure.subplots())
    figure.savefig(IMAGES / f"{name}.svg", metadata={"Date": None}, facecolor="white")
    print(IMAGES / f"{name}.svg")


def busiest_client() -> str:
    clients = Order.objects.filter(ordered_at__gte=END - timedelta(days=SHOWN_DAYS)).values_list("client__external_id")
    names, orders = np.unique([client for (client,) in clients], return_counts=True)
    return str(names[orders.argmax()])


def reasons(axes: Axes, client: str) -> None:
    """When the client bought what is suggested to it, and how sure the suggestion is."""
    request = SuggestionRequest(client=client, purpose=RECOMMENDATION, now=END, parameters={"limit": 8})
    lines = suggest([request])[0].recommendations[::-1]
    for row, line in enumerate(lines):
        bought = OrderLine.objects.filter(
            order__client__external_id=client, product__external_id=line["product"], quantity__gt=0
        ).values_list("order__ordered_at", flat=True)
        days = [(moment - END).days for moment in bought if moment >= END - timedelta(days=SHOWN_DAYS)]
        axes.plot(days, [row] * len(days), "o", ms=4, color="tab:blue")
        axes.text(4, row, f"{line['confidence']:.0%}", va="center")
    axes.axvline(0, color="black", lw=1)
    axes.set_yticks(range(len(lines)), [line["productName"] for line in lines])
    axes.set_xlim(-SHOWN_DAYS, 22)
    axes.set_xlabel("days before the list was asked for")
    axes.set_title(f"{client}: when it bought what is suggested, and the confidence", loc="left")


def forecast(axes: Axes, client: str) -> None:
    request = SuggestionRequest(client=client, purpose=DEMAND_FORECASTING, now=END)
    result = suggest([request])[0]
    product = result.insights["seasonality"]["products"][0]
    name = next(line["productName"] for line in result.recommendations if line["product"] == product["product"])
    weeks, units = zip(*((week["from"], week["units"]) for week in product["history"]), strict=True)
    expected = product["forecast"]
    axes.bar(range(-len(units), 0), units, color="tab:blue", label="units of each week")
    axes.errorbar(
        [2], [expected["units"]], yerr=[[expected["units"] - expected["low"]], [expected["high"] - expected["units"]]],
        fmt="s", color="tab:orange", capsize=4,
        label=f"units of the next {request.horizon_days} days, and their {expected['level']:.0%} interval",
    )  # fmt: skip
    axes.set_xticks([-len(units), -1], [weeks[0], weeks[-1]])
    axes.set_title(f"{name} at {client}")
    axes.legend(loc="upper left")


def hold_back(axes: Axes) -> None:
    days = np.linspace(0, 110, 400)
    even, never, nothing = np.full(400, 0.5), np.full(400, np.nan), np.zeros(400)
    rejected = standing(even, nothing, never, days)
    axes.plot(days, np.where(rejected.held_back, 0, rejected.weight) / 0.5, label="after a rejection")
    axes.plot(days, standing(even, nothing, days, never).weight / 0.5, "--", label="after an acceptance")
    axes.set_xlabel("days since the answer")
    axes.set_ylabel("weight in the client's lists")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend()


def recall(axes: Axes, comparison: MethodsCompared) -> None:
    for (method, curve), marker in zip(comparison.curve.items(), "os^", strict=True):
        axes.plot(range(1, len(curve) + 1), [each.value for each in curve], marker=marker, ms=3, label=method)
    axes.set_xlabel("products suggested")
    axes.set_xticks(range(0, len(curve) + 1, 5))
    axes.set_ylabel("share of the order found")
    axes.set_ylim(0)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend()


def confidence(axes: Axes, calibration: Calibration) -> None:
    bins = [each for each in calibration.methods[OURS].bins if each.count >= 20]
    axes.plot([0, 1], [0, 1], ":", color="black", lw=1)
    axes.plot([each.promised for each in bins], [each.happened.value for each in bins], "o-", ms=4)
    axes.set_xlabel("confidence")
    axes.set_ylabel("came true")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))


if __name__ == "__main__":
    main()
