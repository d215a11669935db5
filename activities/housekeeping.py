"""What is not kept for good: replaced suggestions that nobody has answered, and runs that have ended."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from activities.job_queue import chunks_queued
from activities.models import Activity, RegenerationRun
from recommender.models import SuggestedLine

LINES_A_STEP = 5000  # of one transaction: nobody waits long for the activities that it locks


def forgettable(before: datetime) -> QuerySet:
    """Lines suggested before then that are superseded and were not answered: no figure and no list is made of them."""
    return SuggestedLine.objects.filter(superseded=True, suggested_at__lt=before).unanswered()


def forget_lines(before: datetime) -> Iterator[int]:
    """Delete what is `forgettable`, step by step; how many lines each step has deleted."""
    rest = forgettable(before)
    while True:
        with transaction.atomic():
            oldest = rest.order_by("suggested_at", "pk")[:LINES_A_STEP]
            lines = list(oldest.values_list("pk", "activity", "suggested_at", named=True))
            activities = Activity.objects.filter(pk__in={line.activity for line in lines})
            # Feedback that comes at this moment waits, or is waited for and keeps its line.
            list(activities.order_by("pk").select_for_update().only("pk"))
            deleted, _ = forgettable(before).filter(pk__in=[line.pk for line in lines]).delete()
        yield deleted
        if len(lines) < LINES_A_STEP:
            return
        # Not from the beginning: what stays for good would be passed again at every step.
        rest = forgettable(before).filter(suggested_at__gte=lines[-1].suggested_at)


def runs_ended(before: datetime) -> QuerySet:
    """Runs that ended before then, but for those of which jobs still wait: they look for their chunk."""
    return RegenerationRun.objects.filter(finished_at__lt=before).exclude(chunks__in=chunks_queued())


def forget_runs(before: datetime) -> int:
    """Delete `runs_ended` with their chunks, one by one; how many."""
    runs = list(runs_ended(before))
    for run in runs:
        run.delete()
    return len(runs)
