"""What workers do. A job may run twice, so each looks first whether its work is still wanted."""

from typing import Any

import procrastinate
from django.db import transaction
from procrastinate.contrib.django import app

from activities import job_queue
from activities.generation import (
    UNAVAILABLE,
    CancelledError,
    GenerationError,
    fail_waiting,
    generate_waiting,
    locked_if_waiting,
)
from activities.models import RegenerationChunk, Schedule
from activities.runs import give_up_chunk, work_on
from activities.schedules import fail_schedule, run_scheduled_command

TRIES = RegenerationChunk.TRIES
# A database that restarts is back within that time; so is a model that is being promoted.
NEXT_TRY_SECONDS = 5
AGAIN = procrastinate.RetryStrategy(max_attempts=TRIES - 1, wait=NEXT_TRY_SECONDS)


class TryAgainError(Exception):
    """The work is still to be done."""


class CommandFailedError(Exception):
    """A schedule's command ended without success: its job has to fail for people to try it again."""


@app.task(name=job_queue.REGENERATE_CHUNK, retry=AGAIN, pass_context=True)
def regenerate_chunk(context: procrastinate.JobContext, chunk_id: int) -> None:
    chunk = work_on(chunk_id)
    if chunk.status == RegenerationChunk.Status.WAITING and chunk.run.is_running:
        if is_last_try(context):  # of those before it some may have ended with their worker
            give_up_chunk(chunk_id, chunk.failure)
        raise TryAgainError(chunk.failure)


@app.task(name=job_queue.GENERATE_ACTIVITY, retry=AGAIN, pass_context=True)
def generate_activity(context: procrastinate.JobContext, activity_id: str) -> None:
    try:
        generate_waiting(activity_id)
    except (CancelledError, GenerationError):
        return  # the activity says so itself
    except UNAVAILABLE as error:
        with transaction.atomic():
            locked_if_waiting(activity_id)  # whoever asks for it anew holds it until the job is queued
            if job_queue.waiting_generation(activity_id).exists():
                return  # that job tries again, and this one may not wait beside it
            if is_last_try(context):
                fail_waiting(activity_id, f"{type(error).__name__}: {error}")
        raise


def is_last_try(context: procrastinate.JobContext) -> bool:
    return context.job.attempts + 1 >= TRIES


@app.task(name=job_queue.RUN_SCHEDULE)
def run_schedule(name: str) -> None:
    if not run_scheduled_command(Schedule.objects.get(name=name)):
        raise CommandFailedError(f"The schedule {name} has what its command said.")


def give_up(job_id: int, task_name: str, arguments: dict[str, Any], reason: str) -> None:
    """Say where it is looked for that a job's work will not be done, and why."""
    match task_name:
        case job_queue.REGENERATE_CHUNK:
            give_up_chunk(arguments["chunk_id"], reason)
        case job_queue.GENERATE_ACTIVITY:
            give_up_generation(arguments["activity_id"], job_id, reason)
        case job_queue.RUN_SCHEDULE:
            fail_schedule(arguments["name"], reason)


@transaction.atomic
def give_up_generation(activity_id: str, job_id: int, reason: str) -> None:
    """Unless it was asked for anew meanwhile: another job has that to do."""
    locked_if_waiting(activity_id)  # whoever asks for it anew holds it until the job is queued
    if not job_queue.waiting_generation(activity_id).exclude(pk=job_id).exists():
        fail_waiting(activity_id, reason)
