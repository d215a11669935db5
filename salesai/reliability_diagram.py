"""Whether what is promised happens as often as promised, as inline SVG with its table."""

from collections.abc import Sequence
from math import sqrt
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

SIDE, LEFT, TOP, RIGHT, BOTTOM = 300, 58, 12, 20, 40
SMALLEST, LARGEST = 2.5, 9.0  # radius of a dot: its area stands for the count behind it


def reliability_diagram(title: str, bins: Sequence[dict[str, Any]]) -> SafeString:
    """A dot a bin (`promised` and `happened` in 0..1, `count`); on the diagonal the two are the same."""
    most = max((each["count"] for each in bins), default=1)
    dots = [
        {
            "x": across(each["promised"]),
            "y": down(each["happened"]),
            "radius": round(max(LARGEST * sqrt(each["count"] / most), SMALLEST), 1),
            "says": f"{each['promised']:.0%} promised, {each['happened']:.0%} happened, {each['count']:,} suggestions",
        }
        for each in bins
    ]
    marks = [{"across": across(part), "down": down(part), "text": f"{part:.0%}"} for part in (0, 0.25, 0.5, 0.75, 1)]
    frame = {
        "side": SIDE,
        "left": LEFT,
        "right": SIDE - RIGHT,
        "top": TOP,
        "bottom": SIDE - BOTTOM,
        "middle": (LEFT + SIDE - RIGHT) / 2,
    }
    drawn = {"title": title, "bins": bins, "dots": dots, "marks": marks, "frame": frame}
    return mark_safe(render_to_string("salesai/reliability_diagram.html", drawn))


def across(share: float) -> float:
    return round(LEFT + (SIDE - LEFT - RIGHT) * share, 1)


def down(share: float) -> float:
    return round(TOP + (SIDE - TOP - BOTTOM) * (1 - share), 1)
