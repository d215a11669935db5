"""What is asked of the activities of now: how many were filed today, what failed, what waits."""

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count
from django.utils import timezone

from activities.dates import start_of_day
from activities.models import Activity, ActivityTally

OLDEST_SHOWN = 5


def filed_today() -> dict[str, Counter]:
    """Type -> status -> count of the activities filed since midnight UTC."""
    today = Activity.objects.filter(created_at__gte=start_of_day(timezone.now()))
    counts = today.order_by().values("activity_type", "status")
    table: dict[str, Counter] = {kind: Counter() for kind in Activity.Type.values}
    for row in counts.annotate(count=Count("pk")):
        table[row["activity_type"]][row["status"]] = row["count"]
    return table


def waiting_and_failed() -> dict[str, Any]:
    waiting = Activity.objects.filter(status=Activity.Status.PROCESSING)
    month = timezone.now() - timedelta(days=30)
    rated = Activity.objects.filter(created_at__gte=month, user_rating__gte=1)
    return {
        "failed": ActivityTally.objects.filter(status=Activity.Status.FAILED).total(),
        "waiting": ActivityTally.objects.filter(status=Activity.Status.PROCESSING).total(),
        "oldest": list(waiting.order_by("created_at", "pk").defer("search_text", "input_data")[:OLDEST_SHOWN]),
        "rating": rated.aggregate(mean=Avg("user_rating"), count=Count("pk")),
    }
