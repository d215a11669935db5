"""The review queue: an activity comes in when a rule finds it, and what ops decides of it."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone

from activities.models import Activity, ReviewItem, ReviewRule
from activities.review_rules import Findings, findings_of
from salesai.prepared import IsAnyOf, KeptQuery

State = ReviewItem.State
CHANGED_BY_RULES = [
    "state", "weight", "findings", "settled", "returned", "since", "reason", "decided_by", "decided_at",
]  # fmt: skip
JUDGED_AT_ONCE = 1000  # activities; bounds the memory of looking through all
# Findings whose text is the news: another comment, another failure.
TOLD_BY_TEXT = (ReviewRule.Kind.COMMENT, ReviewRule.Kind.FAILED)


def judge(activities: Sequence[str]) -> None:
    """Bring the items of these activities up to date with what they are now; three statements, or five, for all.

    Belongs into the transaction that changed them, and has them locked.
    """
    rules = rules_in_force()
    found = findings_of(rules, activities)
    items = {item.activity_id: item for item in items_of(list(activities))}
    weights = {rule.kind: rule.weight for rule in rules}
    new = [
        ReviewItem(activity_id=activity, findings=findings, weight=sum(weights[kind] for kind in findings))
        for activity, findings in found.items()
        if activity not in items
    ]
    ReviewItem.objects.bulk_create(new, ignore_conflicts=True)
    changed = [item for item in items.values() if reconsider(item, found.get(item.activity_id, {}), weights)]
    if changed:
        ReviewItem.objects.bulk_update(changed, CHANGED_BY_RULES)


@KeptQuery
def rules_in_force() -> models.QuerySet:
    return ReviewRule.objects.in_force()


@KeptQuery
def items_of() -> models.QuerySet:
    return ReviewItem.objects.filter(IsAnyOf("activity_id"))


def reconsider(item: ReviewItem, findings: Findings, weights: dict[str, int]) -> bool:
    """Make the item what the findings of now call for; whether that changed it."""
    before = (item.state, item.weight, item.findings, item.settled)
    item.findings, item.weight = findings, sum(weights[kind] for kind in findings)
    # What got well leaves the settled: when it turns bad again, that is news. A rule out of force says nothing of it.
    item.settled = {kind: former for kind, former in item.settled.items() if kind in findings or kind not in weights}
    if item.state != State.CLOSED and not findings:
        set_aside(item, State.CLOSED, ReviewItem.Reason.BETTER)
        item.decided_by = None
    elif item.state != State.OPEN and any(is_worse(kind, item) for kind in findings):
        bring_back(item)
        item.returned = True
    return before != (item.state, item.weight, item.findings, item.settled)


def is_worse(kind: str, item: ReviewItem) -> bool:
    now, former = item.findings[kind], item.settled.get(kind)
    if former is None or now["severity"] > former["severity"]:
        return True
    return kind in TOLD_BY_TEXT and now["says"] != former["says"]


def set_aside(item: ReviewItem, state: State, reason: str = "") -> None:
    item.state, item.reason, item.settled = state, reason, item.settled | item.findings
    item.returned, item.decided_at = False, timezone.now()


def bring_back(item: ReviewItem) -> None:
    item.state, item.reason, item.settled, item.since = State.OPEN, "", {}, timezone.now()


class Decision(models.TextChoices):
    KEEP = "keep", "Keep open"
    CLOSE = "close", "Close"
    SNOOZE = "snooze", "Snooze until it gets worse"


@transaction.atomic
def decide(pk: int, by: User, decision: str, reason: str = "", note: str = "", assigned_to: User | None = None) -> None:
    """Close an item, set it aside until it gets worse, or keep it open; with a note and a person."""
    item = ReviewItem.objects.select_for_update().get(pk=pk)
    item.note, item.assigned_to, item.decided_by, item.decided_at = note, assigned_to, by, timezone.now()
    if decision == Decision.CLOSE:
        set_aside(item, State.CLOSED, reason)
    elif decision == Decision.SNOOZE:
        set_aside(item, State.SNOOZED)
    elif item.state != State.OPEN:
        bring_back(item)
    item.save()


def judge_all() -> int:
    """Look through all activities with the rules of now; how many were looked at."""
    pks = list(Activity.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), JUDGED_AT_ONCE):
        with transaction.atomic():
            # As whatever changes them or decides of them does: none of that is lost in between.
            some = Activity.objects.filter(pk__in=pks[start : start + JUDGED_AT_ONCE]).order_by("pk")
            judge(list(some.select_for_update().values_list("pk", flat=True)))
    return len(pks)
