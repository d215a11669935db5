"""Runs over many activities in an installation: begun, watched, and looked at when they have ended."""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from subprocess import Popen

from tests.installation import Installation, wait_for

# A time of every day, for schedules that are to run when a test says so and not by themselves.
FAR_FROM_NOW = f"0 {(datetime.now(UTC).hour + 12) % 24} * * *"

WAITING = "SELECT count(*) FROM activities_regenerationchunk WHERE status = 'waiting' AND run_id = {run}"
STATE = "SELECT status, reason FROM activities_regenerationrun WHERE id = {run}"
TALLY = "SELECT sum(completed), sum(failed), sum(activities) FROM activities_regenerationchunk WHERE run_id = {run}"
# Of each activity, its generations since a moment: those at which its lines were written.
GENERATIONS_OF_EACH = """
    SELECT activity, count(DISTINCT suggested_at) AS generations FROM recommender_suggestedline
    WHERE suggested_at >= {since} GROUP BY activity"""
GENERATIONS = f"SELECT generations, count(*) FROM ({GENERATIONS_OF_EACH}) counted GROUP BY generations"
BEGUN = "(SELECT started_at FROM activities_regenerationrun WHERE id = {run})"
# Activities whose status, results and lines do not belong together.
HALF_WRITTEN = """
    SELECT a.id FROM activities_activity a
    LEFT JOIN recommender_suggestedline l ON l.activity = a.id AND NOT l.superseded GROUP BY a.id
    HAVING a.status <> 'completed' OR a.generated_at IS NULL OR count(l.id) <> jsonb_array_length(a.recommendations)
        OR count(DISTINCT l.suggested_at) <> least(1, count(l.id)) OR min(l.suggested_at) <> a.generated_at"""


@contextmanager
def running_workers(installation: Installation, **environment: str) -> Iterator[list[Popen]]:
    """Two workers of the queue."""
    running = [installation.start("manage.py", "work", **environment) for _ in range(2)]
    try:
        yield running
    finally:
        for worker in running:
            worker.kill()
            worker.communicate()


def latest_run(installation: Installation) -> int:
    """The number of the run that began last; 0 where there was none."""
    return installation.ask("SELECT coalesce(max(id), 0) FROM activities_regenerationrun")[0][0]


def begin_queued(installation: Installation, chunk: int) -> int:
    """The number of a run that workers are to do."""
    said = installation.manage("regenerate_activities", "--queue", "--chunk", str(chunk))
    return int(re.search(r"Run (\d+)", said)[1])


def begin(installation: Installation, chunk: int, *options: str) -> tuple[Popen, int]:
    """(the command that does a run, the run's number)."""
    before = latest_run(installation)
    command = installation.start("manage.py", "regenerate_activities", "--chunk", str(chunk), *options)
    wait_for(lambda: latest_run(installation) > before)
    return command, latest_run(installation)


def wait_for_random_point(installation: Installation, run: int, of_the_first: float = 1) -> None:
    """Until so many chunks are done as a die says: what comes then falls anywhere within the next one.

    `of_the_first` is the share of the run that it is to fall into.
    """
    [(chunks,)] = installation.ask(f"SELECT count(*) FROM activities_regenerationchunk WHERE run_id = {run}")
    left = random.randint(1 + int((1 - of_the_first) * chunks), chunks - 1)
    wait_for(lambda: installation.ask(WAITING.format(run=run))[0][0] <= left)


def has_ended(installation: Installation, run: int) -> bool:
    return installation.ask_patiently(STATE.format(run=run))[0][0] != "running"


def go_on(installation: Installation, run: int, *options: str) -> None:
    """Go on with a run whose command was killed, unless it was done before that."""
    if not has_ended(installation, run):
        installation.manage("regenerate_activities", "--resume", *options)


def assert_all_was_done(installation: Installation, run: int) -> None:
    [(activities,)] = installation.ask("SELECT count(*) FROM activities_activity")
    assert installation.ask(STATE.format(run=run)) == [("completed", "")]
    assert installation.ask(TALLY.format(run=run)) == [(activities, 0, activities)]


def assert_all_was_done_once(installation: Installation, run: int) -> None:
    """The moments of lines tell how often an activity was generated; the few that suggest nothing have no line."""
    [(activities,)] = installation.ask("SELECT count(*) FROM activities_activity WHERE recommendations <> '[]'")
    assert_all_was_done(installation, run)
    assert installation.ask(GENERATIONS.format(since=BEGUN.format(run=run))) == [(1, activities)]
    assert installation.ask(HALF_WRITTEN) == []
