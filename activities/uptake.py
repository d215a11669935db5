"""What became of the lines suggested in the last weeks, by each of what it can be told apart by."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, DecimalField, ExpressionWrapper, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import TruncWeek
from django.utils import timezone

from activities.models import Activity
from recommender.models import Outcome, SuggestedLine, SuggestedLineQuerySet
from recommender.moments import start_of_day

WEEKS = 12
DELETED = "deleted"  # stands for the type of an activity that is gone

Row = dict[str, Any]
PARTS = ("week", "type", "rep", "model_version")
MONEY = Sum(F("quantity") * F("price"), output_field=DecimalField())


@dataclass(slots=True)
class Uptake:
    """Counts of lines, and their money at what was suggested."""

    answered: int = 0
    accepted: int = 0
    converted: int = 0
    accepted_money: float = 0
    ordered_money: float = 0

    def add(self, row: Row) -> None:
        self.answered += row.get("answered", 0)
        self.accepted += row.get("accepted", 0)
        self.converted += row.get("converted", 0)
        self.accepted_money += float(row.get("accepted_money") or 0)
        self.ordered_money += float(row.get("ordered_money") or 0)

    @property
    def acceptance(self) -> float | None:
        return self.accepted / self.answered if self.answered else None

    @property
    def conversion(self) -> float | None:
        return self.converted / self.accepted if self.accepted else None


@dataclass(slots=True)
class QuarterOfAnswers:
    """Uptake of the last WEEKS weeks; the keys of `by_week` are Mondays, those of `by_version` ids.

    at: when it was reckoned; since: the first Monday; ordered_lines: the ids of the converted lines.
    """

    at: datetime
    since: datetime
    total: Uptake
    by_week: dict[datetime, Uptake]
    by_type: dict[str, Uptake]
    by_rep: dict[str, Uptake]
    by_version: dict[int, Uptake]
    suggested_money: float
    ordered_lines: list[int] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Without the ids, which few pages need."""
        document = {name: value for name, value in asdict(self).items() if name != "ordered_lines"}
        document |= {"at": self.at.isoformat(), "since": self.since.isoformat()}
        return document | {"by_week": {week.isoformat(): asdict(each) for week, each in self.by_week.items()}}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "QuarterOfAnswers":
        def parts(name: str, key: Callable[[str], Any]) -> dict[Any, Uptake]:
            return {key(text): Uptake(**each) for text, each in document[name].items()}

        return cls(
            at=datetime.fromisoformat(document["at"]),
            since=datetime.fromisoformat(document["since"]),
            total=Uptake(**document["total"]),
            by_week=parts("by_week", datetime.fromisoformat),
            by_type=parts("by_type", str),
            by_rep=parts("by_rep", str),
            by_version=parts("by_version", int),
            suggested_money=document["suggested_money"],
        )


def reckon_uptake() -> QuarterOfAnswers:
    now = timezone.now()
    monday = start_of_day(now - timedelta(days=now.weekday()))
    since = monday - timedelta(weeks=WEEKS - 1)
    ordered = list(conversions(since))
    rows = [*answers(since), *ordered]
    weeks = {since + timedelta(weeks=n): Uptake() for n in range(WEEKS)}
    return QuarterOfAnswers(
        at=now,
        since=since,
        total=summed(rows, lambda row: "").get("", Uptake()),
        by_week=weeks | summed(rows, lambda row: row["week"]),
        by_type=summed(rows, lambda row: row["type"] or DELETED),
        by_rep=summed(rows, lambda row: row["rep"]),
        by_version=summed((row for row in rows if row["model_version"]), lambda row: row["model_version"]),
        ordered_lines=[row["pk"] for row in ordered],
        suggested_money=float(SuggestedLine.objects.shown_since(since).aggregate(money=MONEY)["money"] or 0),
    )


def answers(since: datetime) -> Iterable[Row]:
    accepted = Q(outcome=Outcome.ACCEPTED)
    money = Sum(F("quantity") * F("price"), filter=accepted, output_field=DecimalField())
    parts = told_apart(SuggestedLine.objects.suggested().answered().filter(outcome_at__gte=since)).values(*PARTS)
    return parts.annotate(answered=Count("pk"), accepted=Count("pk", filter=accepted), accepted_money=money)


def conversions(since: datetime) -> Iterable[Row]:
    """A row a line."""
    lines = told_apart(SuggestedLine.objects.suggested().filter(outcome_at__gte=since).converted())
    money = ExpressionWrapper(F("quantity") * F("price"), output_field=DecimalField())
    return lines.values(*PARTS, "pk").annotate(converted=Value(1), ordered_money=money)


def told_apart(lines: SuggestedLineQuerySet) -> SuggestedLineQuerySet:
    kind = Activity.objects.filter(pk=OuterRef("activity")).order_by().values("activity_type")
    return lines.annotate(week=TruncWeek("outcome_at"), type=Subquery(kind)).order_by()


def summed(rows: Iterable[Row], key: Callable[[Row], Any]) -> dict[Any, Uptake]:
    parts: dict[Any, Uptake] = defaultdict(Uptake)
    for row in rows:
        parts[key(row)].add(row)
    return dict(sorted(parts.items(), key=lambda part: str(part[0])))
