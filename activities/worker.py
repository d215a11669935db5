"""A worker: takes jobs, shows that it lives, takes up what dead workers left, and minds the clock.

procrastinate leaves the job of a killed worker in `doing` for ever; so every worker looks for such
jobs, which it tells by the heartbeat that their worker has not given for a while.
"""

import asyncio
import itertools
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, connections
from django.db.models.functions import Now
from procrastinate import exceptions, signals
from procrastinate.app import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateWorker
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.middleware import AsyncCallNext
from procrastinate.worker import Worker

from activities.schedules import queue_due_schedules
from activities.tasks import TRIES, give_up
from salesai.health import is_migrated

logger = structlog.get_logger(__name__)

# Together below 15 seconds: the longest that a killed worker's job stands still.
HEARTBEAT_SECONDS = 2
DEAD_AFTER_SECONDS = 8
SWEEP_SECONDS = 3
# Finished jobs are kept that long, for those who want to know what happened.
JOBS_KEPT_HOURS = 7 * 24
ROUNDS_A_CLEANING = 1000
RECONNECT_SECONDS = 2


NO_WORKER = "No worker is running: start one with `manage.py work`."


class NotMigratedError(Exception):
    """The database lacks tables, which waiting does not bring."""


def any_is_alive() -> bool:
    """Whether a worker has shown lately that it lives."""
    lately = Now() - timedelta(seconds=DEAD_AFTER_SECONDS)  # by the clock that it shows itself by
    return ProcrastinateWorker.objects.filter(last_heartbeat__gte=lately).exists()


async def work(concurrency: int, until_idle: bool) -> None:
    """Work until told to stop by a signal, or until no job can be begun. A database that goes away is waited for.

    Raises NotMigratedError.
    """
    stop = asyncio.Event()
    while True:
        try:
            await in_own_thread(reach_database)
            # procrastinate's worker would forget the signal when it fails, as without a database it does.
            with signals.on_stop(stop.set):
                await work_while_connected(concurrency, until_idle, stop)
            return
        except (exceptions.ConnectorException, OperationalError, InterfaceError, OSError) as error:
            if stop.is_set():
                return
            # procrastinate's own errors say no more than that it was the database.
            logger.warning("worker_reconnects", error=str(error.__cause__ or error))
            await asyncio.sleep(RECONNECT_SECONDS)


def reach_database() -> None:
    """Start the server where it is the embedded one.

    Raises:
        OperationalError: it is out of reach.
        NotMigratedError: it has not the tables that work is kept in.
    """
    if not is_migrated():
        raise NotMigratedError("The database is not migrated: run `manage.py migrate`, then start the worker again.")


async def work_while_connected(concurrency: int, until_idle: bool, stop: asyncio.Event) -> None:
    worker_app = app.with_connector(app.connector.get_worker_connector())
    async with worker_app.open_async():
        minding = asyncio.create_task(mind(worker_app))
        working = asyncio.create_task(
            worker_app.run_worker_async(
                concurrency=concurrency,
                wait=not until_idle,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=DEAD_AFTER_SECONDS,
                install_signal_handlers=False,
                worker_middleware=[with_heartbeat],
            )
        )
        tasks = {minding, working, asyncio.create_task(stop.wait())}
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks - done:
            task.cancel()  # the jobs at hand are done to their end
        await asyncio.gather(*tasks - done, return_exceptions=True)
        for task in done:
            task.result()


async def with_heartbeat(run_job: AsyncCallNext, context: JobContext, worker: Worker) -> Any:
    """Of procrastinate's WorkerMiddleware: show that the worker lives until the job is done.

    Its own heartbeat ends when it is told to stop, or was without a database; the jobs at hand do not.
    """
    heart = asyncio.create_task(beat(worker))
    try:
        return await run_job()
    finally:
        heart.cancel()


async def beat(worker: Worker) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        with suppress(exceptions.ConnectorException):  # the database may be back at the next one
            await worker.app.job_manager.update_heartbeat(worker.worker_id)


async def mind(worker_app: App) -> None:
    for round_ in itertools.count():
        await take_up_abandoned_jobs(worker_app)
        await in_own_thread(queue_due_schedules)
        if round_ % ROUNDS_A_CLEANING == 0:
            await worker_app.job_manager.delete_old_jobs(
                JOBS_KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
            )
        await asyncio.sleep(SWEEP_SECONDS)


async def take_up_abandoned_jobs(worker_app: App) -> None:
    for job in await worker_app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS):
        logger.warning("worker_died", job=job.id, task=job.task_name, tries=job.attempts + 1)
        try:
            await take_up(worker_app.job_manager, job)
        except exceptions.ConnectorException:
            logger.info("job_taken_up_by_another", job=job.id)


async def take_up(jobs: JobManager, job: Job) -> None:
    if job.attempts + 1 >= TRIES:
        await in_own_thread(give_up, job.id, job.task_name, job.task_kwargs, f"{TRIES} workers died over it.")
        await jobs.finish_job(job, Status.FAILED, delete_job=False)
        return
    try:
        await jobs.retry_job(job)
    except exceptions.UniqueViolation:
        # The same work waits as another job already: a schedule's next run, which does not begin before this one ends.
        await jobs.finish_job(job, Status.FAILED, delete_job=False)


async def in_own_thread(function: Callable[..., None], *arguments: Any) -> None:
    """Django's ORM, away from the event loop and from the thread of a job."""

    def call() -> None:
        try:
            function(*arguments)
        finally:
            connections.close_all()

    await sync_to_async(call, thread_sensitive=False)()
