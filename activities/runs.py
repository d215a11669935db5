"""Runs over many activities: begun once, worked on by anyone, never done twice.

A chunk's row is locked while it is worked on, and marked in the transaction that stores its results.
Whoever is killed leaves nothing of its chunk; the next one finds it waiting.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.db import connection, transaction

from activities.bulk_generation import generate_batch
from activities.generation import READ
from activities.job_queue import queue_chunks
from activities.models import Activity, RegenerationChunk, RegenerationRun
from activities.review import judge
from activities.selection import Selection
from salesai.time_limits import set_time_limit

logger = structlog.get_logger(__name__)

# Activities of a chunk: enough that their number does not matter to the cost of each, few enough
# that their rows are locked for a second or two alone.
CHUNK_SIZE = 250
# How long to wait for activities that somebody else is generating or changing: longer than either takes.
PATIENCE = timedelta(seconds=30)

Status = RegenerationRun.Status


class RunUnderWayError(Exception):
    """A run of the same selection has not ended."""

    def __init__(self, run: RegenerationRun) -> None:
        what_to_do = (
            "The workers are at it: `manage.py regeneration_status` says how far, and --anew stops it and begins anew."
            if run.queued
            else "Go on with it (--resume) or begin anew (--anew)."
        )
        super().__init__(f"{run} of the same selection has not ended. {what_to_do}")
        self.run = run


@transaction.atomic
def start_run(
    selection: Selection, queued: bool = False, anew: bool = False, chunk_size: int = CHUNK_SIZE
) -> RegenerationRun:
    """Note the run, its chunks and, where `queued`, their jobs: all of them or nothing.

    Raises RunUnderWayError where one of the same selection is under way; `anew` stops that one.
    """
    with connection.cursor() as cursor:
        # Two starts at once follow each other, so that the second finds the first.
        cursor.execute(f"LOCK TABLE {RegenerationRun._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
    run = RegenerationRun(selection=selection.as_json(), queued=queued)
    for former in RegenerationRun.objects.under_way():
        if not selection.is_like(Selection(**former.selection)):
            continue
        if not anew:
            raise RunUnderWayError(former)
        former.end(Status.STOPPED, "Another run took its place.")
    run.save()
    run.total = cut_into_chunks(run, selection, chunk_size)
    run.save()
    if queued:
        queue_chunks(list(run.chunks.values_list("pk", flat=True)))
    settle(run)
    return run


@transaction.atomic
def queue_run_of(activity_ids: Sequence[str]) -> RegenerationRun:
    """Leave activities that somebody chose one by one to the workers."""
    ids, count = sorted(activity_ids), len(activity_ids)
    run = RegenerationRun.objects.create(selection=Selection(chosen=count).as_json(), queued=True, total=count)
    parts = [ids[start : start + CHUNK_SIZE] for start in range(0, count, CHUNK_SIZE)]
    chunks = RegenerationChunk.objects.bulk_create(
        RegenerationChunk(run=run, first_id=part[0], last_id=part[-1], busy_ids=part, activities=len(part))
        for part in parts
    )
    queue_chunks([chunk.pk for chunk in chunks])
    return run


def cut_into_chunks(run: RegenerationRun, selection: Selection, chunk_size: int) -> int:
    """Cut the selected ids into ranges, on the server; how many activities they are."""
    ids, parameters = Activity.objects.selected(selection).order_by().values("id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH numbered AS (
                SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS chunk FROM ({ids}) selected
            ), cut AS (
                INSERT INTO {RegenerationChunk._meta.db_table} (run_id, first_id, last_id, activities)
                SELECT %s, min(id), max(id), count(*) FROM numbered GROUP BY chunk ORDER BY chunk
                RETURNING activities
            )
            SELECT coalesce(sum(activities), 0) FROM cut""",
            [chunk_size, *parameters, run.pk],
        )
        return int(cursor.fetchone()[0])


def work_on_next(run: RegenerationRun) -> int | None:
    """Do one chunk of the run that nobody is at; how many activities that has done, None where there is no chunk."""
    waiting = run.chunks.waiting().order_by("tries", "pk").select_for_update(skip_locked=True)
    chunk, done = None, 0
    try:
        with transaction.atomic():
            chunk = waiting.first()
            if chunk is not None and is_running(run.pk):
                done = generate_chunk(chunk)
    except Exception as error:
        note_failure(chunk, error)
    settle(run)
    return None if chunk is None else done


def work_on(chunk_id: int) -> RegenerationChunk:
    """Do that chunk, unless it is done; whoever else is at it is waited for."""
    chunk = RegenerationChunk.objects.select_related("run").get(pk=chunk_id)
    try:
        with transaction.atomic():
            chunk = RegenerationChunk.objects.select_for_update().get(pk=chunk_id)
            if chunk.status == RegenerationChunk.Status.WAITING and is_running(chunk.run_id):
                generate_chunk(chunk)
    except Exception as error:
        note_failure(chunk, error)
    settle(chunk.run)
    chunk.refresh_from_db()
    return chunk


def is_running(run_id: int) -> bool:
    return RegenerationRun.objects.under_way().filter(pk=run_id).exists()


def generate_chunk(chunk: RegenerationChunk) -> int:
    """Generate the chunk's activities and mark it, within the caller's transaction; how many are done with."""
    chosen = Activity.objects.selected(Selection(**chunk.run.selection)).order_by("id")
    if chunk.busy_ids is None:
        chosen = chosen.filter(id__gte=chunk.first_id, id__lte=chunk.last_id)
        locked = list(chosen.only(*READ).select_for_update(skip_locked=True))
        free = {activity.id for activity in locked}
        busy = [activity for activity in chosen.values_list("id", flat=True) if activity not in free]
    else:
        set_time_limit("lock_timeout", PATIENCE)
        locked = list(chosen.filter(id__in=chunk.busy_ids).only(*READ).select_for_update())
        busy = []
    outcome = generate_batch(locked)
    judge([activity.id for activity in locked])
    leave_to_later(chunk, busy)
    chunk.finish(outcome.completed, outcome.failed, outcome.failure, left=len(busy))
    return chunk.activities


def leave_to_later(chunk: RegenerationChunk, busy: list[str]) -> None:
    """What somebody else has locked becomes a chunk of its own, which waits for them."""
    if not busy:
        return
    later = RegenerationChunk.objects.create(
        run_id=chunk.run_id, first_id=busy[0], last_id=busy[-1], busy_ids=busy, activities=len(busy)
    )
    if chunk.run.queued:
        queue_chunks([later.pk])


def note_failure(chunk: RegenerationChunk | None, error: Exception) -> None:
    """The chunk came to nothing and all that it did was undone. Raises the error where that cannot be noted."""
    logger.error("chunk_failed", chunk=chunk and chunk.pk, exc_info=error)
    if chunk is None:
        raise error
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()  # it may be what failed
    with transaction.atomic():
        stored = RegenerationChunk.objects.select_for_update().get(pk=chunk.pk)
        if stored.status == RegenerationChunk.Status.WAITING:
            stored.note_failure(f"{type(error).__name__}: {error}")


def give_up_chunk(chunk_id: int, reason: str) -> None:
    """The chunk will not be done; its run goes on with the others."""
    with transaction.atomic():
        chunk = RegenerationChunk.objects.select_for_update().get(pk=chunk_id)
        if chunk.status == RegenerationChunk.Status.WAITING:
            chunk.give_up(reason)
    settle(chunk.run)


def settle(run: RegenerationRun) -> None:
    """End the run where all of it is done, or where going on makes no sense."""
    first = list(run.chunks.ended().order_by("finished_at", "pk")[: RegenerationRun.FIRST_CHUNKS])
    bad = [chunk for chunk in first if chunk.is_bad]
    if not run.chunks.waiting().exists():
        given_up = run.chunks.filter(status=RegenerationChunk.Status.FAILED).first()
        run.end(Status.FAILED if given_up else Status.COMPLETED, given_up.failure if given_up else "")
    elif len(bad) * 2 > RegenerationRun.FIRST_CHUNKS:
        run.end(Status.STOPPED, f"{len(bad)} of its first {len(first)} chunks failed. {bad[-1].failure}")
