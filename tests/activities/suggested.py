"""What was suggested: as an activity shows it, and as it is kept."""

from typing import Any

from django.db.models import QuerySet

from recommender.models import SuggestedLine


def products(activity: dict[str, Any]) -> list[str]:
    return [line["product"] for line in activity["recommendations"]]


def lines_of(activity: dict[str, Any]) -> QuerySet[SuggestedLine]:
    return SuggestedLine.objects.filter(activity=activity["_id"])
