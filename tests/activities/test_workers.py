"""Workers as they run. Whatever is killed meanwhile, each activity is generated once a run, whole.

KILL_ROUNDS says how often each kind is killed, at random points (`make kill`).
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import Popen

import pytest

from activities.worker import DEAD_AFTER_SECONDS
from tests.bulk_runs import (
    FAR_FROM_NOW,
    assert_all_was_done_once,
    begin,
    begin_queued,
    go_on,
    has_ended,
    latest_run,
    running_workers,
    wait_for_random_point,
)
from tests.installation import ANSWER_SECONDS, kill_postmaster, wait_for

ROUNDS = int(os.environ.get("KILL_ROUNDS", 1))
TYPES = ("recommendation", "cross-sell", "upsell")
CHUNK = 3

TAKEN_UP_SECONDS = 15
# When the jobs that were begun twice were begun again, as seconds since 1970.
TAKEN_UP = """
    SELECT extract(epoch FROM max(e.at))::float8
    FROM procrastinate_events e JOIN procrastinate_jobs j ON j.id = e.job_id
    JOIN activities_regenerationchunk c ON c.id = (j.args ->> 'chunk_id')::bigint
    WHERE e.type = 'started' AND c.run_id = {run} GROUP BY j.id HAVING count(*) > 1"""
AGE = """
    SELECT extract(epoch FROM now() - w.last_heartbeat)::float8
    FROM procrastinate_jobs j JOIN procrastinate_workers w ON w.id = j.worker_id
    WHERE j.task_name = '{job}' AND j.status = 'doing'"""
# How many workers are at a chunk that would not be done without them.
HOLDERS = """
    SELECT count(DISTINCT j.worker_id)
    FROM procrastinate_jobs j JOIN activities_regenerationchunk c ON c.id = (j.args ->> 'chunk_id')::bigint
    WHERE j.status = 'doing' AND c.status = 'waiting'"""
# What the server is still at, and waits for nobody: neither for a lock nor for the rows of who was stopped.
ACTIVE = """
    SELECT count(*) FROM pg_stat_activity
    WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND coalesce(wait_event_type, '') NOT IN ('Lock', 'Client')"""
# A worker with a job that never lets go of the interpreter of its own will.
HOLDS_THE_INTERPRETER = """
import asyncio, django, time
django.setup()
from activities.worker import work
from procrastinate.contrib.django import app
@app.task(name="hold")
def hold(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
hold.defer(seconds=8)
asyncio.run(work(1, until_idle=True))
"""
# One job for each way to end, of which nothing was heard for that many days.
ENDED = """
    WITH ended AS (
        INSERT INTO procrastinate_jobs (task_name, queue_name, lock, status)
        SELECT 'ended', 'default', {days},
            unnest(ARRAY['succeeded', 'failed', 'cancelled', 'aborted'])::procrastinate_job_status
        RETURNING id
    )
    INSERT INTO procrastinate_events (job_id, type, at)
    SELECT id, 'deferred', now() - interval '{days} days' FROM ended RETURNING id"""
OUTCOME = "SELECT last_outcome FROM activities_schedule WHERE name = 'cleaning'"
LEFT = "SELECT activities, busy_ids FROM activities_regenerationchunk WHERE status = 'waiting' AND run_id = {run}"


@pytest.fixture(scope="module", autouse=True)
def activities(installation):
    for each in TYPES:
        installation.manage("create_activities", "--type", each, "--clients", "all")


@pytest.fixture
def workers(installation):
    """Two workers; nothing is done by the clock."""
    with running_workers(installation) as workers:
        yield workers


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_killed_command_is_gone_on_with(installation, round_):
    command, run = begin(installation, CHUNK)
    wait_for_random_point(installation, run)

    command.kill()
    command.communicate()
    go_on(installation, run)

    assert_all_was_done_once(installation, run)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_command_whose_postgresql_is_killed_is_gone_on_with(installation, round_):
    command, run = begin(installation, CHUNK)
    wait_for_random_point(installation, run)

    kill_postmaster(installation.postgres)
    said = command.communicate()[0]
    go_on(installation, run)

    assert_all_was_done_once(installation, run)
    assert "Traceback" not in said


def test_an_activity_that_somebody_is_at_is_done_when_they_have_ended(installation):
    [(activity,)] = installation.ask("SELECT id FROM activities_activity LIMIT 1")
    with installation.connect() as somebody:
        somebody.execute(f"SELECT 1 FROM activities_activity WHERE id = '{activity}' FOR UPDATE")
        command, run = begin(installation, CHUNK)
        wait_for(lambda: installation.ask(LEFT.format(run=run)) == [(1, [activity])])
    said = command.communicate()[0]

    assert command.returncode == 0, said
    assert_all_was_done_once(installation, run)


def stopped_at_jobs(installation, workers) -> bool:
    """Stop two workers where both are at a chunk; else they go on."""
    for worker in workers:
        worker.send_signal(signal.SIGSTOP)
    wait_for(lambda: installation.ask(ACTIVE) == [(0,)])  # the server has done what it was told last
    if installation.ask(HOLDERS) == [(2,)]:
        return True
    for worker in workers:
        worker.send_signal(signal.SIGCONT)
    return False


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_what_a_killed_worker_left_is_taken_up_by_the_other(installation, workers, round_):
    run = begin_queued(installation, CHUNK)
    wait_for_random_point(installation, run, of_the_first=0.6)

    wait_for(lambda: stopped_at_jobs(installation, workers))
    workers[0].kill()
    killed = time.time()
    workers[1].send_signal(signal.SIGCONT)
    wait_for(lambda: has_ended(installation, run))

    assert_all_was_done_once(installation, run)
    waits = [taken_up - killed for (taken_up,) in installation.ask(TAKEN_UP.format(run=run))]
    print("What the killed worker was at was taken up after", *(f"{seconds:.1f} s" for seconds in waits))
    assert waits
    assert max(waits) < TAKEN_UP_SECONDS


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_workers_outlive_a_killed_postgresql(installation, workers, round_):
    run = begin_queued(installation, CHUNK)
    wait_for_random_point(installation, run)

    kill_postmaster(installation.postgres)
    wait_for(lambda: has_ended(installation, run))

    assert_all_was_done_once(installation, run)
    assert [worker.poll() for worker in workers] == [None, None]


def told_to_stop(workers) -> list[int]:
    """What workers end with that are told to stop."""
    for worker in workers:
        worker.terminate()
    return [worker.wait(ANSWER_SECONDS) for worker in workers]


def test_workers_that_are_told_to_stop_leave_no_job_half_done(installation, workers):
    run = begin_queued(installation, CHUNK)
    wait_for_random_point(installation, run)

    ends = told_to_stop(workers)
    half_done = installation.ask("SELECT id FROM procrastinate_jobs WHERE status = 'doing'")
    installation.manage("work", "--until-idle")

    assert (ends, half_done) == ([0, 0], [])
    assert_all_was_done_once(installation, run)


def test_workers_that_are_told_to_stop_while_the_database_is_away_do_not_come_back_with_it(installation, workers):
    wait_for(lambda: installation.ask("SELECT count(*) FROM procrastinate_workers") >= [(2,)])

    kill_postmaster(installation.postgres)
    ends = told_to_stop(workers)
    installation.postgres.start()

    # By itself, or by the signal where it was just about to connect anew.
    assert set(ends) <= {0, -signal.SIGTERM}


def heartbeat_ages(installation, job) -> list[float]:
    """Seconds since the job's worker last showed that it lives, asked again and again until the job is done."""
    ages = []
    while found := installation.ask(AGE.format(job=job)):
        ages += [age for (age,) in found]
        time.sleep(0.1)
    return ages


@pytest.mark.parametrize("told_to_stop", [False, True])
def test_a_long_computation_does_not_keep_a_worker_from_showing_that_it_lives(installation, told_to_stop):
    worker = installation.start("-c", HOLDS_THE_INTERPRETER)
    wait_for(lambda: installation.ask(AGE.format(job="hold")))
    if told_to_stop:
        worker.terminate()
    ages = heartbeat_ages(installation, "hold")
    said = worker.communicate()[0]

    jobs = "SELECT status, attempts FROM procrastinate_jobs WHERE task_name = 'hold' ORDER BY id DESC LIMIT 1"
    assert installation.ask(jobs) == [("succeeded", 1)], said
    assert len(ages) > 20
    assert max(ages) < DEAD_AFTER_SECONDS / 2


def test_a_worker_generates_the_activity_that_was_left_to_it(installation, workers):
    [(activity, before)] = installation.ask("SELECT id, updated_at FROM activities_activity LIMIT 1")
    later = f"from activities.generation import generate_later; generate_later('{activity}')"

    installation.manage("shell", "--command", later)
    state = f"SELECT status, updated_at > %L, generated_at IS NULL FROM activities_activity WHERE id = '{activity}'"
    wait_for(lambda: installation.ask(state.replace("%L", f"'{before}'")) == [("completed", True, False)])

    jobs = "SELECT attempts FROM procrastinate_jobs WHERE args ->> 'activity_id' = '{}' AND status = 'succeeded'"
    wait_for(lambda: installation.ask(jobs.format(activity)) == [(1,)])


def test_a_job_whose_third_worker_has_died_is_given_up_and_the_activity_says_so(installation):
    [(activity,)] = installation.ask("SELECT id FROM activities_activity LIMIT 1")
    later = f"from activities.generation import generate_later; generate_later('{activity}')"
    installation.manage("shell", "--command", later)
    job = f"FROM procrastinate_jobs WHERE args ->> 'activity_id' = '{activity}' ORDER BY id DESC LIMIT 1"
    installation.ask(
        f"""WITH dead AS (
            INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute') RETURNING id
        ) UPDATE procrastinate_jobs SET status = 'doing', attempts = 2, worker_id = dead.id
        FROM dead WHERE procrastinate_jobs.id = (SELECT id {job}) RETURNING 1"""
    )

    with running_workers(installation):
        wait_for(lambda: installation.ask(f"SELECT status {job}") == [("failed",)])

    state = f"SELECT status, metadata ->> 'failure' FROM activities_activity WHERE id = '{activity}'"
    assert installation.ask(state) == [("failed", "3 workers died over it.")]


def test_jobs_are_kept_for_a_week_however_they_ended(installation):
    installation.ask(ENDED.format(days=6))
    installation.ask(ENDED.format(days=8))
    kept = "SELECT lock, count(*) FROM procrastinate_jobs WHERE task_name = 'ended' GROUP BY lock"

    with running_workers(installation):
        wait_for(lambda: installation.ask(kept) == [("6", 4)])


@contextmanager
def model_out_of_reach(installation):
    models = installation.folder / "models"
    models.rename(installation.folder / "elsewhere")
    try:
        yield
    finally:
        (installation.folder / "elsewhere").rename(models)


def test_a_generation_that_comes_to_nothing_is_tried_three_times_and_fails_with_its_job(installation):
    [(activity,)] = installation.ask("SELECT id FROM activities_activity LIMIT 1")
    later = f"from activities.generation import generate_later; generate_later('{activity}')"
    installation.manage("shell", "--command", later)
    job = f"FROM procrastinate_jobs WHERE args ->> 'activity_id' = '{activity}' ORDER BY id DESC LIMIT 1"

    with model_out_of_reach(installation), running_workers(installation):
        wait_for(lambda: installation.ask(f"SELECT status {job}") in [[("failed",)], [("succeeded",)]])

    assert installation.ask(f"SELECT status, attempts {job}") == [("failed", 3)]
    assert installation.ask(f"SELECT status FROM activities_activity WHERE id = '{activity}'") == [("failed",)]


def test_workers_stop_a_run_that_cannot_succeed_and_asking_for_its_state_fails(installation, workers):
    with model_out_of_reach(installation):
        run = begin_queued(installation, CHUNK)
        wait_for(lambda: has_ended(installation, run))
        status = installation.start("manage.py", "regeneration_status", str(run))
        said = status.communicate()[0]
    going_well = installation.manage("regeneration_status")

    assert status.returncode == 1
    assert f"Run {run} stopped (queued)" in said
    assert "chunks failed. DamagedArtifactError" in said
    assert f"Run {run} stopped" in going_well


def test_what_comes_by_the_clock_runs_once_though_two_workers_mind_it(installation):
    [(runs,)] = installation.ask("SELECT count(*) FROM activities_regenerationrun")
    with running_workers(installation, SCHEDULE_REGENERATION=FAR_FROM_NOW):
        wait_for(lambda: installation.ask("SELECT 1 FROM activities_schedule WHERE name = 'regeneration'"))
        installation.ask("UPDATE activities_schedule SET next_run_at = now() RETURNING 1")
        wait_for(lambda: installation.ask("SELECT last_outcome FROM activities_schedule") == [("succeeded",)])
        wait_for(lambda: installation.ask("SELECT 1 FROM activities_regenerationrun WHERE status = 'running'") == [])

    assert installation.ask("SELECT count(*) FROM activities_regenerationrun") == [(runs + 1,)]
    run = latest_run(installation)
    assert_all_was_done_once(installation, run)
    assert f"Run {run}: " in installation.ask("SELECT last_words FROM activities_schedule")[0][0]


@contextmanager
def worker_at_cleaning(installation) -> Iterator[Popen]:
    """It leads a group of processes, as a terminal makes one, and is at a command that comes by the clock."""
    lead = "import os, sys; os.setsid(); os.execv(sys.executable, [sys.executable, 'manage.py', 'work'])"
    worker = installation.start("-c", lead, SCHEDULE_CLEANING=FAR_FROM_NOW)
    try:
        wait_for(lambda: installation.ask("SELECT 1 FROM activities_schedule WHERE name = 'cleaning'"))
        installation.ask("UPDATE activities_schedule SET next_run_at = now() RETURNING 1")
        wait_for(lambda: installation.ask(OUTCOME) == [("running",)])
        yield worker
    finally:
        worker.kill()
        worker.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_that_is_told_to_stop_with_its_group_first_lets_the_command_of_the_clock_end(installation, number):
    with worker_at_cleaning(installation) as worker:
        os.killpg(worker.pid, number)

        assert worker.wait(ANSWER_SECONDS) == 0
        assert installation.ask(OUTCOME) == [("succeeded",)]


def test_a_command_of_the_clock_that_postgresql_was_restarted_under_is_seen_to_end(installation):
    with worker_at_cleaning(installation):
        kill_postmaster(installation.postgres)

        wait_for(lambda: installation.ask_patiently(OUTCOME) != [("running",)])
