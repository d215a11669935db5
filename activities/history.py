"""What happened to an activity: its changes, who made them, and how its lists differed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.contrib.auth.models import User

from activities.models import RECORDED, Activity, ActivityEvent, ApiKey
from recommender.models import SuggestedLine
from salesai.tables import readable

NEWEST = 50  # changes, and generations, that a page shows


@dataclass(slots=True)
class Change:
    """One change: `fields` are (name, value before, value after), `lists` what a generation did to the list."""

    at: datetime
    who: str
    what: str
    fields: list[tuple[str, Any, Any]] = field(default_factory=list)
    lists: str = ""


def changes_of(activity: Activity) -> list[Change]:
    """The newest first."""
    events = list(
        ActivityEvent.objects.filter(pgh_obj=activity.pk)
        .select_related("pgh_context", "model_version")
        .order_by("-pgh_id")[: NEWEST + 1]
    )
    names = names_of_callers(events)
    differences = differences_of(activity)
    made = []
    for event, former in zip_longest(events, events[1:]):
        changed = [name for name in RECORDED if former and getattr(event, name) != getattr(former, name)]
        generated = "generated_at" in changed and event.generated_at is not None
        made.append(
            Change(
                at=event.pgh_created_at,
                who=who_made(event, names),
                what=what_happened(event, former, changed),
                fields=[(name, shown(former, name), shown(event, name)) for name in changed if name in TOLD],
                lists=differences.get(event.generated_at, "") if generated else "",
            )
        )
    return made[:NEWEST]


TOLD = ("client", "rep", "activity_type", "status", "model_version", "feedback", "metadata", "requested_model")


def shown(event: ActivityEvent, name: str) -> Any:
    return readable(getattr(event, name))


def what_happened(event: ActivityEvent, former: ActivityEvent | None, changed: Sequence[str]) -> str:
    if event.pgh_label == "insert":
        return "filed"
    if "generated_at" in changed:
        return "generated" if event.generated_at else "inputs changed"
    if "status" in changed:
        return "reopened" if former.status == Activity.Status.CANCELLED else event.status
    if changed == ["feedback"]:
        return "feedback"
    return "changed"


def names_of_callers(events: Sequence[ActivityEvent]) -> dict[tuple[str, int], str]:
    """(user or key, its id) -> its name: two queries for all."""
    told = [event.pgh_context.metadata for event in events if event.pgh_context]
    users = User.objects.in_bulk({each["user"] for each in told if each.get("user")})
    keys = ApiKey.objects.in_bulk({each["key"] for each in told if each.get("key")})
    return {("user", pk): str(user) for pk, user in users.items()} | {
        ("key", pk): f"key {key.name}" for pk, key in keys.items()
    }


def who_made(event: ActivityEvent, names: dict[tuple[str, int], str]) -> str:
    told = event.pgh_context.metadata if event.pgh_context else {}
    callers = [names.get((kind, told[kind]), f"{kind} {told[kind]}") for kind in ("user", "key") if told.get(kind)]
    return callers[0] if callers else "the server"


def differences_of(activity: Activity) -> dict[datetime, str]:
    """When it was generated -> how that list differs from the one before."""
    lines = SuggestedLine.objects.of_activity(activity.pk).suggested().order_by("-suggested_at", "rank")
    lists: dict[datetime, dict[str, int]] = {}
    for at, product, quantity in lines.values_list("suggested_at", "product", "quantity")[: NEWEST * 100]:
        lists.setdefault(at, {})[product] = quantity
    moments = list(lists)
    return {at: difference(lists[at], lists.get(before, {})) for at, before in zip_longest(moments, moments[1:])}


def difference(now: dict[str, int], before: dict[str, int]) -> str:
    if not before:
        return f"{len(now)} lines"
    new = [f"+{product}" for product in now if product not in before]
    gone = [f"\N{MINUS SIGN}{product}" for product in before if product not in now]
    other = [
        f"{product} {before[product]} → {quantity}"
        for product, quantity in now.items()
        if before.get(product, quantity) != quantity
    ]
    return ", ".join([*new, *gone, *other]) or "the same lines"
