"""JSON documents as tables for people."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

NOTHING = "\N{EN DASH}"


def table(headers: list[str], rows: Iterable[Iterable[Any]]) -> SafeString:
    body = [[NOTHING if cell is None or cell == "" else cell for cell in row] for row in rows]
    if not body:
        return mark_safe(NOTHING)
    return mark_safe(render_to_string("unfold/components/table.html", {"table": {"headers": headers, "rows": body}}))


def key_values(values: Mapping[str, Any]) -> SafeString:
    return table([], [(name, readable(value)) for name, value in values.items()])


def readable(value: Any) -> Any:
    match value:
        case list():
            return ", ".join(str(item) for item in value) or NOTHING
        case dict():
            return "; ".join(f"{name}: {readable(inner)}" for name, inner in value.items()) or NOTHING
    return value


def share(value: float | None) -> str:
    """A share in percent; None and NaN are nothing."""
    return NOTHING if value is None or value != value else f"{value:.0%}"
