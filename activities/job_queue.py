"""Handing work to the workers: jobs of procrastinate, within the transaction that wants them done.

Tasks are named here and defined in `activities.tasks`, which imports what queues them.
"""

from collections.abc import Sequence

from django.db.models import BigIntegerField, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

REGENERATE_CHUNK = "activities.tasks.regenerate_chunk"
GENERATE_ACTIVITY = "activities.tasks.generate_activity"
RUN_SCHEDULE = "activities.tasks.run_schedule"

# Somebody waits for a single activity, and the clock for a schedule; a run has the whole night.
SOON, LATER = 10, 0
JOBS_A_STATEMENT = 1000


def queue_chunks(chunk_ids: Sequence[int]) -> None:
    for start in range(0, len(chunk_ids), JOBS_A_STATEMENT):
        some = chunk_ids[start : start + JOBS_A_STATEMENT]
        app.configure_task(REGENERATE_CHUNK, priority=LATER).batch_defer(*({"chunk_id": pk} for pk in some))


def chunks_queued() -> QuerySet:
    """The ids of chunks that a job waits for, or is at."""
    jobs = ProcrastinateJob.objects.filter(task_name=REGENERATE_CHUNK, status__in=["todo", "doing"])
    return jobs.values_list(Cast(KT("args__chunk_id"), BigIntegerField()))


def queue_generation(activity_id: str) -> None:
    """Once however often it is asked for; raises AlreadyEnqueued where it waits already."""
    app.configure_task(GENERATE_ACTIVITY, priority=SOON, queueing_lock=generation_lock(activity_id)).defer(
        activity_id=activity_id
    )


def drop_generation(activity_id: str) -> None:
    """Take queued work for the activity back, if nobody is at it yet."""
    for job in waiting_generation(activity_id):
        app.job_manager.cancel_job_by_id(job.pk, delete_job=True)


def waiting_generation(activity_id: str) -> QuerySet:
    """The job that is queued for the activity and that nobody is at yet, if there is one."""
    return ProcrastinateJob.objects.filter(queueing_lock=generation_lock(activity_id), status="todo")


def generation_lock(activity_id: str) -> str:
    return f"activity {activity_id}"


def queue_schedule(name: str) -> None:
    """One run at a time, and one that waits at most: raises AlreadyEnqueued for another."""
    lock = f"schedule {name}"
    app.configure_task(RUN_SCHEDULE, priority=SOON, lock=lock, queueing_lock=lock).defer(name=name)
