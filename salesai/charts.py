"""Charts as inline SVG, drawn by the server: no script, no file from elsewhere, and a table beside each."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from salesai.tables import NOTHING

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 180, 46, 20, 10, 24
MOST_LABELS = 13  # under the axis, before they run into each other

Values = Sequence[float | None]


def bars(title: str, labels: Sequence[str], values: Values) -> SafeString:
    """One bar a label; None leaves a gap."""
    top, step = ceiling([values]), (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    drawn = [
        {"x": LEFT + step * (i + 0.15), "y": height_of(value, top), "width": step * 0.7,
         "height": HEIGHT - BOTTOM - height_of(value, top), "says": f"{label}: {told(value, percent=False)}"}
        for i, (label, value) in enumerate(zip(labels, values, strict=True)) if value is not None
    ]  # fmt: skip
    return chart(title, labels, {title: values}, top, False, {"bars": drawn})


def lines(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Values],
    percent: bool = False,
    links: Mapping[str, Sequence[str]] | None = None,
    note: str = "",
) -> SafeString:
    """A line a series over the same labels; None breaks it. `note` stands below.

    `links`: series -> the addresses that its figures lead to in the table.
    """
    top = 1 if percent else ceiling(series.values())
    drawn = [
        {"name": name, "stretches": stretches(values, top), "dots": dots(values, top)}
        for name, values in series.items()
    ]
    return chart(title, labels, series, top, percent, {"lines": drawn, "note": note}, links or {})


def chart(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Values],
    top: float,
    percent: bool,
    drawn: dict,
    links: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> SafeString:
    def cell(name: str, i: int) -> str:
        figure = told(series[name][i], percent)
        return format_html('<a href="{}">{}</a>', links[name][i], figure) if name in links else figure

    rows = [[label, *(cell(name, i) for name in series)] for i, label in enumerate(labels)]
    every = -(-len(labels) // MOST_LABELS) or 1
    marks = [
        {"x": place(i, len(labels), centred="bars" in drawn), "text": label}
        for i, label in enumerate(labels)
        if i % every == 0
    ]
    grid = [{"y": height_of(top * part, top), "text": told(top * part, percent)} for part in (0, 0.5, 1)]
    frame = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT, "base": HEIGHT - 6}
    context = {"title": title, "rows": rows, "headers": ["", *series], "marks": marks, "grid": grid, "frame": frame}
    return mark_safe(render_to_string("salesai/chart.html", context | drawn))


def place(i: int, count: int, centred: bool) -> float:
    step = (WIDTH - LEFT - RIGHT) / max(count if centred else count - 1, 1)
    return round(LEFT + step * (i + 0.5 if centred else i), 1)


def height_of(value: float, top: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(value / top, 1)), 1)


def dots(values: Values, top: float) -> list[tuple[float, float]]:
    return [
        (place(i, len(values), centred=False), height_of(value, top))
        for i, value in enumerate(values)
        if value is not None
    ]


def stretches(values: Values, top: float) -> list[str]:
    """The points of each unbroken part of a line."""
    at = [None if value is None else f"{place(i, len(values), centred=False)},{height_of(value, top)}"
          for i, value in enumerate(values)]  # fmt: skip
    return [" ".join(known) for is_known, known in groupby(at, key=bool) if is_known]


def ceiling(series: Iterable[Values]) -> float:
    return max((value for values in series for value in values if value is not None), default=0) or 1


def told(value: float | None, percent: bool) -> str:
    if value is None:
        return NOTHING
    return f"{value:.0%}" if percent else f"{value:,.4g}" if value < 1000 else f"{value:,.0f}"
