"""How ops narrows the list of activities."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter, FieldTextFilter

from activities.admin.condition_filter import ConditionFilter, older_than, younger_than
from recommender.models import ModelVersion
from recommender.moments import start_of_day

RepFilter = ("rep", FieldTextFilter)


def today() -> Q:
    return Q(created_at__gte=start_of_day(timezone.now()))


class AgeFilter(ConditionFilter):
    title, parameter_name = "age", "age"
    conditions = {
        "today": ("Today (UTC)", today),
        "day": ("Past 24 hours", younger_than("created_at", days=1)),
        "week": ("Past 7 days", younger_than("created_at", days=7)),
        "month": ("Past 30 days", younger_than("created_at", days=30)),
        "over-day": ("Older than a day", older_than("created_at", days=1)),
        "over-week": ("Older than 7 days", older_than("created_at", days=7)),
        "over-month": ("Older than 30 days", older_than("created_at", days=30)),
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
        "bad": ("1 or 2", lambda: Q(user_rating__gte=1, user_rating__lte=2)),
        "fair": ("3", lambda: Q(user_rating=3)),
        "good": ("4 or 5", lambda: Q(user_rating__gte=4)),
        "any": ("Rated", lambda: Q(user_rating__gte=1)),
        "none": ("Not rated", lambda: Q(user_rating=None)),
    }


class FeedbackFilter(ConditionFilter):
    title, parameter_name = "feedback", "feedback"
    conditions = {"yes": ("Has feedback", lambda: ~Q(feedback={})), "no": ("Has none", lambda: Q(feedback={}))}


class VersionFilter(DropdownFilter):
    title, parameter_name = "model version", "version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(version.pk), version.version) for version in ModelVersion.objects.trained().only("number")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(model_version=self.value()) if (self.value() or "").isdecimal() else queryset
