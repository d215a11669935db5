"""What is asked of the activities of now: how many were filed today, what failed, what waits, how they are rated."""

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count
from django.utils import timezone

from activities.models import Activity, ActivityTally
from recommender.moments import start_of_day

OLDEST_SHOWN = 5
RATINGS_OF = timedelta(days=30)


def filed_today() -> dict[str, Counter]:
    """Type -> status -> count of the activities filed since midnight UTC."""
    today = Activity.objects.filter(created_at__gte=start_of_day(timezone.now()))
    counts = today.order_by().values("activity_type", "status")
    table: dict[str, Counter] = {kind: Counter() for kind in Activity.Type.values}
    for row in counts.annotate(count=Count("pk")):
        table[row["activity_type"]][row["status"]] = row["count"]
    return table


def unfinished() -> dict[str, Any]:
    """How many activities `failed` and are `waiting`, and the `oldest` of these."""
    waiting = Activity.objects.filter(status=Activity.Status.PROCESSING)
    return {
        "failed": ActivityTally.objects.filter(status=Activity.Status.FAILED).total(),
        "waiting": ActivityTally.objects.filter(status=Activity.Status.PROCESSING).total(),
        "oldest": list(waiting.order_by("created_at", "pk").defer("search_text", "input_data")[:OLDEST_SHOWN]),
    }


def recent_rating() -> dict[str, Any]:
    """`mean` and `count` of the ratings of activities filed within RATINGS_OF."""
    rated = Activity.objects.filter(created_at__gte=timezone.now() - RATINGS_OF, user_rating__gte=1)
    return rated.aggregate(mean=Avg("user_rating"), count=Count("pk"))
