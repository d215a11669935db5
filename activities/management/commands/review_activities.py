"""manage.py review_activities: the review rules of now, over all activities."""

import time
from typing import Any

from django.core.management.base import BaseCommand

from activities.models import ReviewItem
from activities.review import judge_all


class Command(BaseCommand):
    help = (
        "Look through all activities with the review rules as they are now. The queue follows every change of an "
        "activity by itself; run this after a change of the rules."
    )

    def handle(self, **options: Any) -> None:
        started = time.perf_counter()
        seen = judge_all()
        seconds = time.perf_counter() - started
        waiting = ReviewItem.objects.waiting().count()
        self.stdout.write(f"{seen:,} activities in {seconds:.1f} s; {waiting:,} wait for review.")
