"""What the worker does by the clock: the commands of settings.SCHEDULES, each at its time and never twice at once."""

import signal
import subprocess
import sys
from datetime import datetime, timedelta

import structlog
from croniter import croniter
from django.conf import settings
from django.db import connection, transaction
from procrastinate.exceptions import AlreadyEnqueued

from activities.job_queue import queue_schedule
from activities.models import Schedule

logger = structlog.get_logger(__name__)

# Of what a command said: its last lines, which hold its summary or its error.
KEPT_CHARACTERS = 2000
# So far back without that a schedule which has just come comes once more.
CLOCK_MAY_BE_SET = timedelta(hours=1)
COLUMNS = 5  # croniter takes a sixth one for seconds, and a seventh for years


def queue_due_schedules() -> None:
    """Queue what is due; of many workers that ask at once, one does.

    What came due while no worker ran is done once, as soon as one runs.
    """
    now = time_of_database()
    take_over_settings(now)
    with transaction.atomic():
        for schedule in Schedule.objects.due(now).select_for_update(skip_locked=True):
            schedule.next_run_at = next_time(schedule.cron, now)
            schedule.save(update_fields=["next_run_at"])
            try:
                with transaction.atomic():
                    queue_schedule(schedule.name)
            except AlreadyEnqueued:
                logger.warning("schedule_still_waits", schedule=schedule.name)


def time_of_database() -> datetime:
    """One clock for all workers: what one has queued is not due again by the clock of another."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def take_over_settings(now: datetime) -> None:
    """Make the table name the schedules of the settings, and their next times.

    One that comes later than at its next time was put off by a clock that was ahead.
    """
    wanted = {name: cron for name, (cron, _) in settings.SCHEDULES.items() if cron}
    kept = Schedule.objects.in_bulk(field_name="name")
    if kept.keys() - wanted.keys():
        Schedule.objects.exclude(name__in=wanted).delete()
    for name, cron in wanted.items():
        schedule = kept.get(name)
        if schedule is None or schedule.cron != cron or schedule.next_run_at > next_time(cron, now + CLOCK_MAY_BE_SET):
            defaults = {"cron": cron, "next_run_at": next_time(cron, now)}
            Schedule.objects.update_or_create(name=name, defaults=defaults)


def next_time(cron: str, after: datetime) -> datetime:
    """Raises ValueError where these are not the five columns of cron, or a name for them such as @daily."""
    times = croniter(cron, after)
    if len(times.expanded) != COLUMNS:
        raise ValueError(f"{cron!r} has {len(times.expanded)} columns instead of {COLUMNS}.")
    return times.get_next(datetime)


def run_scheduled_command(schedule: Schedule) -> bool:
    """Run the schedule's command to its end, and keep how it went; whether it succeeded.

    In a process of its own: training may hold the interpreter for longer than a worker may go without
    a heartbeat, and its memory is given back. Of no group with the worker, so that what tells that to stop
    (Ctrl-C) lets it end. Two trainings at once are prevented by their own lock.
    """
    _, command = settings.SCHEDULES[schedule.name]
    schedule.begin()
    logger.info("schedule_began", schedule=schedule.name)
    done = subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", *command],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        start_new_session=True,
    )  # fmt: skip
    if not connection.is_usable():  # PostgreSQL was restarted meanwhile
        connection.close()
    succeeded = done.returncode == 0
    schedule.finish(succeeded, last_words(done))
    log = logger.info if succeeded else logger.error
    log("schedule_ended", schedule=schedule.name, succeeded=succeeded, words=schedule.last_words)
    return succeeded


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """What the command said at its end, and what killed it."""
    words = done.stdout.strip()[-KEPT_CHARACTERS:]
    if done.returncode >= 0:
        return words
    killer = signal.Signals(-done.returncode)
    killed = f"Killed by {killer.name}" + (": is there too little memory?" if killer == signal.SIGKILL else ".")
    return f"{words}\n{killed}".strip()


def fail_schedule(name: str, reason: str) -> None:
    for schedule in Schedule.objects.filter(name=name):
        if schedule.last_outcome != Schedule.Outcome.RUNNING:  # its job was given up before it began
            schedule.begin()
        schedule.finish(False, reason)
