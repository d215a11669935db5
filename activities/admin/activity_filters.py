"""How ops narrows the list of activities."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter, FieldTextFilter

from recommender.models import ModelVersion

RepFilter = ("rep", FieldTextFilter)


class ConditionFilter(DropdownFilter):
    """A choice among named conditions; subclasses fill `conditions`: value -> (label, condition)."""

    conditions: dict[str, tuple[str, Callable[[], Q]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label) for value, (label, _) in self.conditions.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.conditions.get(self.value())
        return queryset.filter(chosen[1]()) if chosen else queryset


def younger_than(**age: float) -> Callable[[], Q]:
    return lambda: Q(created_at__gte=timezone.now() - timedelta(**age))


def older_than(**age: float) -> Callable[[], Q]:
    return lambda: Q(created_at__lt=timezone.now() - timedelta(**age))


def today() -> Q:
    return Q(created_at__gte=timezone.now().replace(hour=0, minute=0, second=0, microsecond=0))


class AgeFilter(ConditionFilter):
    title, parameter_name = "age", "age"
    conditions = {
        "today": ("Today (UTC)", today),
        "day": ("Past 24 hours", younger_than(days=1)),
        "week": ("Past 7 days", younger_than(days=7)),
        "month": ("Past 30 days", younger_than(days=30)),
        "over-day": ("Older than a day", older_than(days=1)),
        "over-week": ("Older than 7 days", older_than(days=7)),
        "over-month": ("Older than 30 days", older_than(days=30)),
    }


class ConfidenceFilter(ConditionFilter):
    title, parameter_name = "confidence", "sure"
    conditions = {
        "low": ("Below 25%", lambda: Q(confidence__lt=0.25)),
        "middle": ("25% to 50%", lambda: Q(confidence__gte=0.25, confidence__lt=0.5)),
        "high": ("50% and above", lambda: Q(confidence__gte=0.5)),
        "none": ("None yet", lambda: Q(confidence=None)),
    }


class RatingFilter(ConditionFilter):
    title, parameter_name = "rating", "rating"
    conditions = {
        "bad": ("1 or 2", lambda: Q(user_rating__lte=2)),
        "fair": ("3", lambda: Q(user_rating=3)),
        "good": ("4 or 5", lambda: Q(user_rating__gte=4)),
        "any": ("Rated", lambda: Q(user_rating__isnull=False)),
        "none": ("Not rated", lambda: Q(user_rating=None)),
    }


class FeedbackFilter(ConditionFilter):
    title, parameter_name = "feedback", "feedback"
    conditions = {"yes": ("Has feedback", lambda: ~Q(feedback={})), "no": ("Has none", lambda: Q(feedback={}))}


class VersionFilter(DropdownFilter):
    title, parameter_name = "model version", "version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(version.pk), version.version) for version in ModelVersion.objects.usable().only("number")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(model_version=self.value()) if (self.value() or "").isdecimal() else queryset
