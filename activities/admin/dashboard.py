"""The admin's first page: figures made ready for its template, each with the address of the rows behind it."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from activities.admin.links import LinesLink, activities_list, review_queue
from activities.dashboard import RATINGS_OF, filed_today, recent_rating, unfinished
from activities.kept_uptake import KEPT_FOR, uptake
from activities.models import Activity, ReviewItem
from activities.uptake import WEEKS, QuarterOfAnswers, Uptake
from recommender.ab_results import MOST_CLIENTS, compare_sides
from recommender.admin.model_version import diagram_of, page_of_version
from recommender.engine.metrics import LIST_LENGTH, RECALL
from recommender.models import CONVERTED_WITHIN, ModelVersion
from salesai.charts import lines

VERSIONS_SHOWN = 6
REPS_SHOWN = 10
METRICS = (RECALL, f"ndcg@{LIST_LENGTH}", "ece")


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK. Who may not see activities sees none of their figures."""
    if not request.user.has_perm("activities.view_activity"):
        return context | {"has_no_role": not request.user.get_all_permissions()}
    taken_up = uptake()
    quarter = LinesLink(outcome_at__gte=taken_up.since.isoformat())
    versions = versions_shown(taken_up)
    return context | {
        "figures": True,
        "statuses": Activity.Status.values,
        "today": today_table(),
        **unfinished(),
        "rating": recent_rating(),
        "ratings_of": RATINGS_OF,
        "to_review": ReviewItem.objects.waiting().count(),
        "taken_up": taken_up,
        "converted_within": CONVERTED_WITHIN,
        "is_old": taken_up.at < timezone.now() - KEPT_FOR,
        "weeks": WEEKS,
        "total": row("", taken_up.total, quarter),
        "uptake_chart": uptake_chart(taken_up),
        "uptake_tables": uptake_tables(taken_up, quarter),
        "versions": [version_row(version, taken_up, quarter) for version in versions],
        "diagrams": [diagram_of(version) for version in versions if version.reliability],
        "metrics": METRICS,
        "comparison": comparison(),
        "links": {
            "failed": activities_list(status__exact="failed"),
            "waiting": activities_list(status__exact="processing"),
            "rated": activities_list(age="month", rating="any"),
            "suggested": LinesLink(suggested_at__gte=taken_up.since.isoformat(), shown="yes").suggested,
            "review": review_queue(),
        },
    }


def today_table() -> list[dict[str, Any]]:
    return [
        {
            "type": kind,
            "cells": [
                (counts[status], activities_list(age="today", status__exact=status, activity_type__exact=kind))
                for status in Activity.Status.values
            ],
        }
        for kind, counts in filed_today().items()
    ]


def uptake_chart(taken_up: QuarterOfAnswers) -> str:
    weeks = taken_up.by_week
    rows = [
        LinesLink(outcome_at__gte=monday.isoformat(), outcome_at__lt=(monday + timedelta(weeks=1)).isoformat())
        for monday in weeks
    ]
    return lines(
        "Share of answered lines accepted, and of accepted lines ordered, by week",
        [f"{week:%m-%d}" for week in weeks],
        {
            "accepted": [each.acceptance for each in weeks.values()],
            "ordered": [each.conversion for each in weeks.values()],
        },
        percent=True,
        links={"accepted": [link.accepted for link in rows], "ordered": [link.ordered for link in rows]},
        note=f"What was accepted in the last {CONVERTED_WITHIN.days} days may still be ordered.",
    )


def uptake_tables(taken_up: QuarterOfAnswers, quarter: LinesLink) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Of each: what it tells apart by, its heading, its rows."""
    most_answered = sorted(taken_up.by_rep.items(), key=lambda part: -part[1].answered)[:REPS_SHOWN]
    of_reps = f"By rep, the {REPS_SHOWN} most answered" if len(taken_up.by_rep) > REPS_SHOWN else "By rep"
    return [
        ("type", "By type", [row(kind, each, quarter.narrowed(type=kind)) for kind, each in taken_up.by_type.items()]),
        ("rep", of_reps, [row(rep, each, quarter.narrowed(rep__exact=rep)) for rep, each in most_answered]),
    ]


def row(name: str, each: Uptake, link: LinesLink) -> dict[str, Any]:
    return {"name": name, "uptake": each, "link": link}


def versions_shown(taken_up: QuarterOfAnswers) -> list[ModelVersion]:
    """The newest, and whichever else answers now or was answered in the quarter."""
    newest = ModelVersion.objects.values("pk")[:VERSIONS_SHOWN]
    in_use = Q(status=ModelVersion.Status.ACTIVE) | Q(pk__in=taken_up.by_version)
    return list(ModelVersion.objects.filter(Q(pk__in=newest) | in_use))


def version_row(version: ModelVersion, taken_up: QuarterOfAnswers, quarter: LinesLink) -> dict[str, Any]:
    link = quarter.narrowed(model_version__id__exact=version.pk)
    return row(version.version, taken_up.by_version.get(version.pk, Uptake()), link) | {
        "version": version,
        "metrics": [version.metrics.get(name) for name in METRICS],
        "page": page_of_version(version),
    }


def comparison() -> dict[str, Any] | None:
    """The A/B test that runs, with the answers on either side of it."""
    found = compare_sides()
    if found is None:
        return None
    sides = zip((found.older, found.newer), found.acceptance, found.clients, strict=True)
    return {
        "difference": found.difference,
        "is_telling": found.is_telling,
        "most_clients": MOST_CLIENTS,
        "sides": [
            {
                "version": version,
                "acceptance": acceptance,
                "clients": clients,
                "link": LinesLink(suggested_at__gte=found.since.isoformat(), model_version__id__exact=version.pk),
            }
            for version, acceptance, clients in sides
        ],
    }
