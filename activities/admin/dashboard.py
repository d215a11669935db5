"""The admin's first page: figures made ready for its template, each with the address of the rows behind it."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from activities.dashboard import WEEKS, QuarterOfAnswers, Uptake, filed_today, uptake, waiting_and_failed
from activities.models import Activity, ReviewItem
from recommender.ab_results import compare_sides
from recommender.models import ModelVersion
from salesai.charts import lines

VERSIONS_SHOWN = 6
REPS_SHOWN = 10
METRICS = ("recall@10", "ndcg@10", "ece")


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK. Who may not see activities sees none of their figures."""
    if not request.user.has_perm("activities.view_activity"):
        return context
    taken_up = uptake()
    versions = list(ModelVersion.objects.all()[:VERSIONS_SHOWN])
    return context | {
        "figures": True,
        "statuses": Activity.Status.values,
        "today": today_table(),
        **waiting_and_failed(),
        "to_review": ReviewItem.objects.waiting().count(),
        "taken_up": taken_up,
        "weeks": WEEKS,
        "uptake_chart": uptake_chart(taken_up),
        "uptake_tables": uptake_tables(taken_up),
        "versions": [version_row(version, taken_up) for version in versions],
        "metrics": METRICS,
        "comparison": compare_sides(),
        "links": {
            "failed": activities(status__exact="failed"),
            "waiting": activities(status__exact="processing"),
            "rated": activities(age="month", rating="any"),
            "answered": answered(taken_up),
            "accepted": answered(taken_up, outcome__exact="accepted"),
            "review": reverse("admin:activities_reviewitem_changelist"),
        },
    }


def activities(**filters: Any) -> str:
    return f"{reverse('admin:activities_activity_changelist')}?{urlencode(filters)}"


def answered(taken_up: QuarterOfAnswers, **filters: Any) -> str:
    """The list of answers since the quarter began."""
    filters = {"outcome_at__gte": taken_up.since.isoformat(), "rank__isnull": "False"} | filters
    return f"{reverse('admin:recommender_suggestedline_changelist')}?{urlencode(filters)}"


def today_table() -> list[dict[str, Any]]:
    return [
        {
            "type": kind,
            "cells": [
                (counts[status], activities(age="today", status__exact=status, activity_type__exact=kind))
                for status in Activity.Status.values
            ],
        }
        for kind, counts in filed_today().items()
    ]


def uptake_chart(taken_up: QuarterOfAnswers) -> str:
    weeks = taken_up.by_week
    return lines(
        "Share of answered lines accepted, and of accepted lines ordered, by week",
        [f"{week:%m-%d}" for week in weeks],
        {
            "accepted": [each.acceptance for each in weeks.values()],
            "ordered": [each.conversion for each in weeks.values()],
        },
        percent=True,
    )


def uptake_tables(taken_up: QuarterOfAnswers) -> list[tuple[str, list[dict[str, Any]]]]:
    most_answered = sorted(taken_up.by_rep.items(), key=lambda part: -part[1].answered)[:REPS_SHOWN]
    numbers = dict(ModelVersion.objects.filter(pk__in=taken_up.by_version).values_list("pk", "number"))
    return [
        ("type", [
            row(kind, each, activities(activity_type__exact=kind, feedback="yes"))
            for kind, each in taken_up.by_type.items()
        ]),
        ("rep", [row(rep, each, answered(taken_up, rep__exact=rep)) for rep, each in most_answered]),
        ("model version", [
            row(f"2.{numbers[pk]}.0", each, answered(taken_up, model_version__id__exact=pk))
            for pk, each in taken_up.by_version.items() if pk in numbers
        ]),
    ]  # fmt: skip


def row(name: str, each: Uptake, link: str) -> dict[str, Any]:
    return {"name": name, "uptake": each, "link": link}


def version_row(version: ModelVersion, taken_up: QuarterOfAnswers) -> dict[str, Any]:
    return {
        "version": version,
        "metrics": [version.metrics.get(name) for name in METRICS],
        "uptake": taken_up.by_version.get(version.pk, Uptake()),
        "link": reverse("admin:recommender_modelversion_change", args=[version.pk]),
        "answers": answered(taken_up, model_version__id__exact=version.pk),
    }
