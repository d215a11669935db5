"""What happened to an activity: its changes, who made them, and how its lists differed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise, zip_longest
from typing import Any

from django.contrib.auth.models import User
from django.template.defaultfilters import pluralize

from activities.models import RECORDED, Activity, ActivityEvent, ApiKey
from recommender.models import Outcome, SuggestedLine
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
    lists = whole_lists(activity)
    generated = sorted({event.generated_at for event in events if event.generated_at}, reverse=True)
    before = dict(pairwise(generated))
    made = []
    for event, former in zip_longest(events, events[1:]):
        changed = [name for name in RECORDED if former and getattr(event, name) != getattr(former, name)]
        at = event.generated_at if "generated_at" in changed else None
        made.append(
            Change(
                at=event.pgh_created_at,
                who=who_made(event, names),
                what=what_happened(event, former, changed),
                fields=[(name, shown(former, name), shown(event, name)) for name in changed if name in TOLD],
                lists=how_lists_differ(lists, at, before.get(at)),
            )
        )
    return made[:NEWEST]


TOLD = ("client", "rep", "activity_type", "status", "model_version", "feedback", "metadata", "requested_model")


def shown(event: ActivityEvent, name: str) -> Any:
    return readable(getattr(event, name))


def what_happened(event: ActivityEvent, former: ActivityEvent | None, changed: Sequence[str]) -> str:
    if event.pgh_label == "insert":
        return "filed"
    if not changed:  # the inputs alone are not on record
        return "inputs changed"
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


def whole_lists(activity: Activity) -> dict[datetime, dict[str, int]]:
    """When it was generated -> quantities by product, of the lists of which no line has been cleaned up."""
    lines = SuggestedLine.objects.of_activity(activity.pk).suggested().order_by("-suggested_at", "rank")
    known = lines.values_list("suggested_at", "rank", "product", "quantity", "superseded", "outcome")[: NEWEST * 100]
    lists, length, not_cleaned = defaultdict(dict), {}, set()
    for at, rank, product, quantity, superseded, outcome in known:
        lists[at][product], length[at] = quantity, rank
        if not superseded or outcome == Outcome.OPEN:  # of a superseded list cleaning takes all open lines
            not_cleaned.add(at)
    return {at: found for at, found in lists.items() if at in not_cleaned and len(found) == length[at]}


def how_lists_differ(lists: dict[datetime, dict[str, int]], at: datetime | None, before: datetime | None) -> str:
    """The list made `at` that time from the one made `before` it, where both are known."""
    if at not in lists or (before and before not in lists):
        return ""
    return difference(lists[at], lists[before]) if before else f"{len(lists[at])} line{pluralize(lists[at])}"


def difference(now: dict[str, int], before: dict[str, int]) -> str:
    new = [f"+{product}" for product in now if product not in before]
    gone = [f"\N{MINUS SIGN}{product}" for product in before if product not in now]
    other = [
        f"{product} {before[product]} → {quantity}"
        for product, quantity in now.items()
        if before.get(product, quantity) != quantity
    ]
    return ", ".join([*new, *gone, *other]) or "the same lines"
