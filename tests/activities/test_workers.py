"""Workers as they run. Whatever is killed meanwhile, each activity is generated once a run, whole.

KILL_ROUNDS says how often each kind is killed, at random points (`make kill`).
"""

import os

import pytest

from tests.bulk_runs import (
    assert_all_was_done_once,
    begin,
    begin_queued,
    has_ended,
    latest_run,
    running_workers,
    wait_for_random_point,
)
from tests.installation import kill_postmaster, wait_for

ROUNDS = int(os.environ.get("KILL_ROUNDS", 1))
TYPES = ("recommendation", "cross-sell", "upsell")
CHUNK = 3

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
    installation.manage("regenerate_activities", "--resume")

    assert_all_was_done_once(installation, run)


def test_an_activity_that_somebody_is_at_is_done_when_they_have_ended(installation):
    [(activity,)] = installation.ask("SELECT id FROM activities_activity LIMIT 1")
    with installation.connect() as somebody:
        somebody.execute(f"SELECT 1 FROM activities_activity WHERE id = '{activity}' FOR UPDATE")
        command, run = begin(installation, CHUNK)
        wait_for(lambda: installation.ask(LEFT.format(run=run)) == [(1, [activity])])
    said = command.communicate()[0]

    assert command.returncode == 0, said
    assert_all_was_done_once(installation, run)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_what_a_killed_worker_left_is_taken_up_by_the_other(installation, workers, round_):
    run = begin_queued(installation, CHUNK)
    wait_for_random_point(installation, run)

    workers[0].kill()
    wait_for(lambda: has_ended(installation, run))

    assert_all_was_done_once(installation, run)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_workers_outlive_a_killed_postgresql(installation, workers, round_):
    run = begin_queued(installation, CHUNK)
    wait_for_random_point(installation, run)

    kill_postmaster(installation.postgres)
    wait_for(lambda: has_ended(installation, run))

    assert_all_was_done_once(installation, run)
    assert [worker.poll() for worker in workers] == [None, None]


def test_a_worker_generates_the_activity_that_was_left_to_it(installation, workers):
    [(activity, before)] = installation.ask("SELECT id, updated_at FROM activities_activity LIMIT 1")
    later = f"from activities.generation import generate_later; generate_later('{activity}')"

    installation.manage("shell", "--command", later)
    state = f"SELECT status, updated_at > %L, generated_at IS NULL FROM activities_activity WHERE id = '{activity}'"
    wait_for(lambda: installation.ask(state.replace("%L", f"'{before}'")) == [("completed", True, False)])

    jobs = "SELECT attempts FROM procrastinate_jobs WHERE args ->> 'activity_id' = '{}' AND status = 'succeeded'"
    wait_for(lambda: installation.ask(jobs.format(activity)) == [(1,)])


def test_what_comes_by_the_clock_runs_once_though_two_workers_mind_it(installation):
    [(runs,)] = installation.ask("SELECT count(*) FROM activities_regenerationrun")
    with running_workers(installation, SCHEDULE_REGENERATION="0 3 * * *"):
        wait_for(lambda: installation.ask("SELECT 1 FROM activities_schedule WHERE name = 'regeneration'"))
        installation.ask("UPDATE activities_schedule SET next_run_at = now() RETURNING 1")
        wait_for(lambda: installation.ask("SELECT last_outcome FROM activities_schedule") == [("succeeded",)])
        wait_for(lambda: installation.ask("SELECT 1 FROM activities_regenerationrun WHERE status = 'running'") == [])

    assert installation.ask("SELECT count(*) FROM activities_regenerationrun") == [(runs + 1,)]
    run = latest_run(installation)
    assert_all_was_done_once(installation, run)
    assert f"Run {run}: " in installation.ask("SELECT last_words FROM activities_schedule")[0][0]
