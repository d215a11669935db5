"""Filters of lists by named conditions, and by age."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter


class ConditionFilter(DropdownFilter):
    """A choice among named conditions; subclasses fill `conditions`: value -> (label, condition)."""

    conditions: dict[str, tuple[str, Callable[[], Q]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label) for value, (label, _) in self.conditions.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.conditions.get(self.value())
        return queryset.filter(chosen[1]()) if chosen else queryset


def younger_than(field: str, **age: float) -> Callable[[], Q]:
    return lambda: Q(**{f"{field}__gte": timezone.now() - timedelta(**age)})


def older_than(field: str, **age: float) -> Callable[[], Q]:
    return lambda: Q(**{f"{field}__lt": timezone.now() - timedelta(**age)})
