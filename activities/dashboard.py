"""The figures of the admin's first page: how much there is, how it was taken up, and what waits.

What reads all answers of a quarter is reckoned once in a while and kept; counts of today are of now.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Avg, Count, DecimalField, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import TruncWeek
from django.utils import timezone

from activities.models import Activity
from recommender.models import CONVERTED, Outcome, SuggestedLine

WEEKS = 12
OLDEST_SHOWN = 5
KEPT_FOR = timedelta(minutes=5)
KEPT_AS = "dashboard-uptake"

Row = dict[str, Any]


@dataclass(slots=True)
class Uptake:
    """What became of suggested lines; money is that of the suggestion."""

    answered: int = 0
    accepted: int = 0
    converted: int = 0
    accepted_money: float = 0
    ordered_money: float = 0

    def add(self, row: Row) -> None:
        self.answered += row["answered"]
        self.accepted += row["accepted"]
        self.converted += row["converted"]
        self.accepted_money += float(row["accepted_money"] or 0)
        self.ordered_money += float(row["ordered_money"] or 0)

    @property
    def acceptance(self) -> float | None:
        return self.accepted / self.answered if self.answered else None

    @property
    def conversion(self) -> float | None:
        return self.converted / self.accepted if self.accepted else None


@dataclass(slots=True)
class QuarterOfAnswers:
    """Uptake of the last WEEKS weeks, by each of what it can be told apart by; `at` is when it was reckoned."""

    at: datetime
    since: datetime
    total: Uptake
    by_week: dict[datetime, Uptake]
    by_type: dict[str, Uptake]
    by_rep: dict[str, Uptake]
    by_version: dict[int, Uptake]
    suggested_money: float


def uptake() -> QuarterOfAnswers:
    return cache.get_or_set(KEPT_AS, reckon_uptake, KEPT_FOR.total_seconds())


def reckon_uptake() -> QuarterOfAnswers:
    """Three statements, of which one reads each answer of the quarter and looks for its order."""
    now = timezone.now()
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    since = monday - timedelta(weeks=WEEKS - 1)
    rows = list(answers_by_all(since))
    weeks = {since + timedelta(weeks=n): Uptake() for n in range(WEEKS)}
    return QuarterOfAnswers(
        at=now,
        since=since,
        total=summed(rows, lambda row: "")[""] if rows else Uptake(),
        by_week=weeks | summed(rows, lambda row: row["week"]),
        by_type=summed(rows, lambda row: row["type"] or "deleted"),
        by_rep=summed(rows, lambda row: row["rep"]),
        by_version=summed((row for row in rows if row["model_version"]), lambda row: row["model_version"]),
        suggested_money=float(money_suggested(since) or 0),
    )


def answers_by_all(since: datetime) -> Iterable[Row]:
    money = F("quantity") * F("price")
    accepted, converted = Q(outcome=Outcome.ACCEPTED), CONVERTED
    as_money = DecimalField()
    kind = Activity.objects.filter(pk=OuterRef("activity")).values("activity_type")
    return (
        SuggestedLine.objects.suggested()
        .answered()
        .filter(outcome_at__gte=since)
        .with_ordered_at()
        .annotate(week=TruncWeek("outcome_at"), type=Subquery(kind))
        .order_by()
        .values("week", "type", "rep", "model_version")
        .annotate(
            answered=Count("pk"),
            accepted=Count("pk", filter=accepted),
            converted=Count("pk", filter=converted),
            accepted_money=Sum(money, filter=accepted, output_field=as_money),
            ordered_money=Sum(money, filter=converted, output_field=as_money),
        )
    )


def money_suggested(since: datetime) -> Any:
    shown = SuggestedLine.objects.suggested().filter(suggested_at__gte=since, superseded=False)
    return shown.aggregate(money=Sum(F("quantity") * F("price"), output_field=DecimalField()))["money"]


def summed(rows: Iterable[Row], key: Callable[[Row], Any]) -> dict[Any, Uptake]:
    parts: dict[Any, Uptake] = defaultdict(Uptake)
    for row in rows:
        parts[key(row)].add(row)
    return dict(sorted(parts.items(), key=lambda part: str(part[0])))


def filed_today() -> dict[str, Counter]:
    """Type -> status -> count of the activities filed since midnight UTC."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    counts = Activity.objects.filter(created_at__gte=midnight).order_by().values("activity_type", "status")
    table: dict[str, Counter] = {kind: Counter() for kind in Activity.Type.values}
    for row in counts.annotate(count=Count("pk")):
        table[row["activity_type"]][row["status"]] = row["count"]
    return table


def waiting_and_failed() -> dict[str, Any]:
    waiting = Activity.objects.filter(status=Activity.Status.PROCESSING)
    month = timezone.now() - timedelta(days=30)
    return {
        "failed": Activity.objects.filter(status=Activity.Status.FAILED).count(),
        "waiting": waiting.count(),
        "oldest": list(waiting.order_by("created_at", "pk").defer("search_text", "input_data")[:OLDEST_SHOWN]),
        "rating": Activity.objects.filter(created_at__gte=month).aggregate(mean=Avg("user_rating"))["mean"],
    }
