"""What is left to the workers: single activities, runs, and what comes by the clock."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from activities import runs
from activities.generation import GenerationError, generate_waiting
from activities.models import Activity, RegenerationRun, ReviewItem, Schedule
from activities.review import Decision, decide
from activities.schedules import queue_due_schedules, run_scheduled_command
from activities.selection import Selection
from activities.tasks import (
    TRIES,
    CommandFailedError,
    TryAgainError,
    generate_activity,
    give_up,
    regenerate_chunk,
    run_schedule,
)
from recommender.loading.merge import merge_clients, merge_orders
from recommender.models import ModelVersion
from tests.service import API
from tests.wholesale import AS_OF_LAST_DAY, LAST_DAY

pytestmark = pytest.mark.usefixtures("wholesale_house", "db")


def ask_later(tool, activity_id, prefer="respond-async"):
    return tool.post(path=f"{API}/{activity_id}/generate", prefer=prefer)


def jobs():
    return list(ProcrastinateJob.objects.filter(status="todo").order_by("id").values_list("task_name", "args"))


@pytest.mark.parametrize("prefer", ["respond-async", "wait=10, Respond-Async", "respond-async; foo=bar"])
def test_an_answer_at_once_is_a_202_and_the_work_is_queued(tool, prefer):
    activity = tool.generated(aiModel=AS_OF_LAST_DAY)

    answer = ask_later(tool, activity["_id"], prefer)

    assert (answer.status_code, answer.body["data"]["status"]) == (202, "processing")
    assert answer.body["data"]["recommendations"] == activity["recommendations"]
    assert answer.headers["ETag"] == tool.get(f"{API}/{activity['_id']}").headers["ETag"]
    assert jobs() == [("activities.tasks.generate_activity", {"activity_id": activity["_id"]})]


def test_other_preferences_are_answered_with_the_suggestions(tool):
    assert ask_later(tool, tool.file(aiModel=AS_OF_LAST_DAY)["_id"], "return=minimal").status_code == 200
    assert jobs() == []


def test_asking_again_queues_no_second_job(tool):
    activity = tool.file(aiModel=AS_OF_LAST_DAY)

    answers = [ask_later(tool, activity["_id"]).status_code for _ in range(3)]

    assert (answers, len(jobs())) == ([202] * 3, 1)


def test_for_a_key_of_one_rep_the_activity_of_another_is_a_404_and_is_not_queued(keys):
    other = keys.full.file(rep="rep-1")

    assert ask_later(keys.of_rep_0, other["_id"]).status_code == 404
    assert jobs() == []


def test_a_cancelled_activity_is_a_409_and_is_not_queued(tool):
    activity = tool.file()
    tool.post(path=f"{API}/{activity['_id']}/cancel")

    assert ask_later(tool, activity["_id"]).status_code == 409
    assert jobs() == []


def test_without_a_model_it_is_a_503_that_changes_nothing(tool):
    ModelVersion.objects.update(status=ModelVersion.Status.RETIRED)
    activity = tool.file()

    answer = ask_later(tool, activity["_id"])

    assert (answer.status_code, answer.body["code"]) == (503, "no_model")
    assert tool.get(f"{API}/{activity['_id']}").body["data"] == activity
    assert jobs() == []


def test_cancelling_drops_the_queued_work(tool):
    activity = tool.file()
    ask_later(tool, activity["_id"])

    tool.post(path=f"{API}/{activity['_id']}/cancel")

    assert jobs() == []


def test_work_that_was_done_meanwhile_is_not_done_again(tool):
    activity = tool.file(aiModel=AS_OF_LAST_DAY)
    ask_later(tool, activity["_id"])
    tool.generate(activity["_id"])
    before = tool.get(f"{API}/{activity['_id']}").body

    generate_waiting(activity["_id"])

    assert tool.get(f"{API}/{activity['_id']}").body == before


@pytest.mark.parametrize("former_tries", [0, TRIES - 1])
def test_work_that_cannot_be_done_now_is_left_to_the_job_that_was_queued_meanwhile(tool, former_tries):
    activity = tool.generated(aiModel=AS_OF_LAST_DAY)
    ask_later(tool, activity["_id"])
    waiting = tool.get(f"{API}/{activity['_id']}").body
    ModelVersion.objects.update(sha256="0" * 64)
    begun_before = SimpleNamespace(job=SimpleNamespace(attempts=former_tries))

    generate_activity(begun_before, activity["_id"])

    assert tool.get(f"{API}/{activity['_id']}").body == waiting
    assert len(jobs()) == 1


def workers_die_over(job):
    """As the worker that finds the job does, when so many have died that it is not begun again."""
    give_up(job.pk, job.task_name, job.args, "3 workers died over it.")


def test_work_that_is_given_up_leaves_the_reason_and_the_former_results(tool):
    activity = tool.generated(aiModel=AS_OF_LAST_DAY)
    ask_later(tool, activity["_id"])

    workers_die_over(ProcrastinateJob.objects.get())

    failed = tool.get(f"{API}/{activity['_id']}").body["data"]
    assert (failed["status"], failed["metadata"]["failure"]) == ("failed", "3 workers died over it.")
    assert failed["recommendations"] == activity["recommendations"]


def test_the_same_failure_of_a_later_try_does_not_bring_back_what_was_snoozed(tool):
    impossible = {"parameters": {"asOf": "never"}}
    failed = Activity.objects.create(client="c", rep="r", activity_type="upsell", requested_model=impossible)
    assert tool.generate(failed.pk).body["code"] == "generation_failed"
    decide(ReviewItem.objects.get().pk, User.objects.create(), Decision.SNOOZE)

    assert ask_later(tool, failed.pk).body["data"]["status"] == "processing"
    with pytest.raises(GenerationError):
        generate_waiting(failed.pk)

    assert ReviewItem.objects.get().state == "snoozed"


def test_an_activity_asked_for_anew_is_not_failed_with_its_former_job(tool):
    activity = tool.generated(aiModel=AS_OF_LAST_DAY)
    ask_later(tool, activity["_id"])
    former = ProcrastinateJob.objects.get()
    app.connector.get_sync_connector().execute_query("UPDATE procrastinate_jobs SET status = 'doing'")
    ask_later(tool, activity["_id"])

    workers_die_over(former)

    assert tool.get(f"{API}/{activity['_id']}").body["data"]["status"] == "processing"


def test_a_queued_run_has_a_job_for_each_chunk_and_its_state_can_be_asked(capsys):
    for _ in range(5):
        Activity.objects.create(client="cafe-01", rep="r", activity_type="upsell", requested_model=AS_OF_LAST_DAY)
    call_command("regenerate_activities", "--queue", "--chunk", "2")
    assert [task for task, _ in jobs()] == ["activities.tasks.regenerate_chunk"] * 3

    runs.work_on(jobs()[1][1]["chunk_id"])
    runs.work_on(jobs()[1][1]["chunk_id"])
    call_command("regeneration_status")

    assert "running (queued): 2 completed, 0 failed, 3 waiting, 0 left out of 5" in capsys.readouterr().out


def test_a_queued_run_of_nothing_has_ended_at_once_and_stands_in_no_others_way():
    for _ in range(2):
        call_command("regenerate_activities", "--queue", "--type", "upsell")

    assert set(RegenerationRun.objects.values_list("status", "total")) == {("completed", 0)}


def test_a_run_goes_on_without_a_chunk_that_killed_its_workers():
    for _ in range(4):
        Activity.objects.create(client="cafe-01", rep="r", activity_type="upsell", requested_model=AS_OF_LAST_DAY)
    run = runs.start_run(Selection(), queued=True, chunk_size=2)
    first, second = ProcrastinateJob.objects.order_by("id")

    workers_die_over(first)
    runs.work_on(second.args["chunk_id"])

    run.refresh_from_db()
    assert (run.status, run.reason) == ("failed", "3 workers died over it.")
    assert run.figures()["completed"] == run.figures()["left_out"] == 2


def test_a_chunk_whose_last_try_comes_to_nothing_is_given_up_though_its_workers_died_before():
    Activity.objects.create(client="cafe-01", rep="r", activity_type="upsell", requested_model=AS_OF_LAST_DAY)
    run = runs.start_run(Selection(), queued=True)
    ModelVersion.objects.update(sha256="0" * 64)
    last = SimpleNamespace(job=SimpleNamespace(attempts=TRIES - 1))

    with pytest.raises(TryAgainError):
        regenerate_chunk(last, run.chunks.get().pk)

    run.refresh_from_db()
    assert run.status == "failed"
    assert run.reason.startswith("DamagedArtifactError: ")


def test_what_was_stored_before_its_worker_died_is_not_given_up():
    for _ in range(4):
        Activity.objects.create(client="cafe-01", rep="r", activity_type="upsell", requested_model=AS_OF_LAST_DAY)
    run = runs.start_run(Selection(), queued=True, chunk_size=2)
    first, second = ProcrastinateJob.objects.order_by("id")

    runs.work_on(first.args["chunk_id"])
    workers_die_over(first)
    runs.work_on(second.args["chunk_id"])

    run.refresh_from_db()
    assert (run.status, run.reason, run.figures()["completed"]) == ("completed", "", 4)


def test_a_chunk_of_a_run_that_another_took_the_place_of_is_not_done(tool):
    activity = tool.file(aiModel=AS_OF_LAST_DAY)
    left = runs.start_run(Selection(), queued=True).chunks.get()
    runs.start_run(Selection(), queued=True, anew=True)

    runs.work_on(left.pk)

    left.refresh_from_db()
    assert (left.status, left.completed) == ("waiting", 0)
    assert tool.get(f"{API}/{activity['_id']}").body["data"] == activity


@pytest.fixture
def nightly():
    """One schedule, every day at three."""
    with override_settings(SCHEDULES={"regeneration": ("0 3 * * *", ["regenerate_activities", "--queue"])}):
        queue_due_schedules()
        yield Schedule.objects.get()


def test_a_schedule_is_queued_at_its_time_once(nightly):
    assert nightly.next_run_at > timezone.now()
    assert (nightly.next_run_at.astimezone(UTC).hour, jobs()) == (3, [])
    Schedule.objects.update(next_run_at=timezone.now() - timedelta(days=2))

    queue_due_schedules()
    queue_due_schedules()

    assert jobs() == [("activities.tasks.run_schedule", {"name": "regeneration"})]
    nightly.refresh_from_db()
    assert timezone.now() < nightly.next_run_at <= timezone.now() + timedelta(days=1)


def test_a_schedule_that_still_waits_is_not_queued_twice(nightly):
    Schedule.objects.update(next_run_at=timezone.now())
    queue_due_schedules()
    Schedule.objects.update(next_run_at=timezone.now())

    queue_due_schedules()

    assert len(jobs()) == 1


def test_schedules_are_those_of_the_settings(nightly):
    with override_settings(SCHEDULES={"training": ("15 1 * * *", []), "regeneration": ("", [])}):
        queue_due_schedules()

    assert list(Schedule.objects.values_list("name", "cron")) == [("training", "15 1 * * *")]


def test_what_is_due_stays_due_when_another_schedule_comes_into_the_settings(nightly):
    Schedule.objects.update(next_run_at=timezone.now())

    with override_settings(SCHEDULES=settings.SCHEDULES | {"training": ("15 1 * * *", [])}):
        queue_due_schedules()

    assert jobs() == [("activities.tasks.run_schedule", {"name": "regeneration"})]


def test_a_schedule_that_was_put_off_for_years_by_a_clock_that_was_ahead_comes_at_its_next_time(nightly):
    Schedule.objects.update(next_run_at=timezone.now() + timedelta(days=1000))

    queue_due_schedules()

    nightly.refresh_from_db()
    assert timezone.now() < nightly.next_run_at <= timezone.now() + timedelta(days=1)
    assert jobs() == []


def test_a_schedule_that_has_come_does_not_come_again_when_the_clock_is_set_back_a_little():
    soon = timezone.now() + timedelta(minutes=10)
    daily = f"{soon.minute} {soon.hour} * * *"
    with override_settings(SCHEDULES={"training": (daily, [])}):
        queue_due_schedules()
        tomorrow = Schedule.objects.get().next_run_at + timedelta(days=1)
        Schedule.objects.update(next_run_at=tomorrow)

        queue_due_schedules()

    assert Schedule.objects.get().next_run_at == tomorrow


def test_a_schedule_whose_workers_died_has_failed_and_says_so(nightly):
    Schedule.objects.update(next_run_at=timezone.now())
    queue_due_schedules()

    workers_die_over(ProcrastinateJob.objects.get())

    nightly.refresh_from_db()
    assert (nightly.last_outcome, nightly.last_words) == ("failed", "3 workers died over it.")


def killed_by(name):
    """A command that is killed in the middle of its work."""
    dies = f"import os, signal; os.write(1, b'begun'); os.kill(os.getpid(), signal.{name})"
    return ["shell", "--no-imports", "--command", dies]


@pytest.mark.parametrize(
    ("command", "outcome", "words"),
    [
        (["check"], "succeeded", "System check identified no issues (0 silenced)."),
        (["check", "--tag", "nonsense"], "failed", 'CommandError: There is no system check with the "nonsense" tag.'),
        (killed_by("SIGKILL"), "failed", "begun\nKilled by SIGKILL: is there too little memory?"),
        (killed_by("SIGTERM"), "failed", "begun\nKilled by SIGTERM."),
    ],
)
def test_a_schedule_runs_its_command_and_keeps_how_that_ended(nightly, command, outcome, words, caplog):
    with override_settings(SCHEDULES={"regeneration": ("0 3 * * *", command)}):
        run_scheduled_command(nightly)

    kept = Schedule.objects.get()
    assert (kept.last_outcome, kept.last_words) == (outcome, words)
    assert caplog.records[-1].msg["words"] == words
    assert nightly.next_run_at == kept.next_run_at
    assert kept.last_run_at < kept.last_finished_at < timezone.now()


def test_a_schedule_whose_command_failed_has_a_failed_job_that_can_be_tried_again(nightly):
    command = ["check", "--tag", "nonsense"]

    with (
        override_settings(SCHEDULES={"regeneration": ("0 3 * * *", command)}),
        pytest.raises(CommandFailedError),
    ):
        run_schedule("regeneration")

    assert Schedule.objects.get().last_outcome == "failed"


def test_of_much_that_a_command_says_the_end_is_kept(nightly):
    with override_settings(SCHEDULES={"regeneration": ("0 3 * * *", ["regenerate_activities", "--help"])}):
        run_scheduled_command(nightly)

    words = Schedule.objects.get().last_words
    assert len(words) == 2000
    assert words.endswith("Skip system checks.")


def test_how_a_schedule_went_is_told_with_its_next_time(nightly, capsys):
    nightly.begin()
    nightly.finish(False, "No model has been trained yet.")
    Schedule.objects.update(next_run_at=datetime(2031, 1, 2, 3, tzinfo=UTC))

    call_command("regeneration_status")

    said = capsys.readouterr().out
    assert f"regeneration: last {timezone.now():%Y-%m-%d}" in said
    assert "failed, next 2031-01-02 03:00 UTC." in said


def test_one_activity_is_filed_for_each_client_that_orders(capsys):
    call_command("create_activities", "--type", "upsell", "--clients", "all")
    call_command("create_activities", "--type", "upsell", "--clients", "all")

    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("40 activities filed, 0 clients")
    assert said[1].startswith("0 activities filed, 40 clients have one that waits")
    filed = Activity.objects.order_by("id")
    assert list(filed.values_list("client", "rep")[:2]) == [("bar-00", "rep-0"), ("bar-01", "rep-1")]
    assert filed.filter(id__regex="^[0-9a-f]{24}$", status="processing").count() == 40


def test_another_type_or_one_that_is_done_keeps_no_client_from_having_one_filed(capsys):
    for kind, status in (("upsell", "processing"), ("cross-sell", "completed")):
        Activity.objects.create(client="cafe-04", rep="r", activity_type=kind, status=status)

    for kind in ("upsell", "cross-sell", "recommendation"):
        call_command("create_activities", "--type", kind, "--clients", "cafe-04")

    assert [said.split(" ")[0] for said in capsys.readouterr().out.splitlines()] == ["0", "1", "1"]


def test_a_client_that_has_only_returned_something_is_none_that_orders(capsys):
    back = {
        "external_id": "R1",
        "client": "new",
        "ordered_at": LAST_DAY,
        "lines": [{"product": "milk", "quantity": -2}],
    }
    merge_orders([back], source="test")

    call_command("create_activities", "--type", "upsell", "--clients", "all", "--rep", "rep-0", "--dry-run")

    assert capsys.readouterr().out.startswith("40 activities would be filed")


@pytest.mark.parametrize("day", [datetime(9999, 1, 1, tzinfo=UTC), datetime(1900, 1, 1, tzinfo=UTC)])
def test_a_client_whose_orders_do_not_count_yet_or_ever_is_none_that_orders(capsys, day):
    milk = [{"product": "milk", "quantity": 2}]
    ahead = {"external_id": "A1", "client": "new", "rep": "rep-1", "ordered_at": day, "lines": milk}
    merge_orders([ahead], source="test")

    call_command("create_activities", "--type", "upsell", "--clients", "all", "--dry-run")

    assert capsys.readouterr().out.startswith("40 activities would be filed")


def test_an_order_of_a_date_to_come_says_nothing_about_the_rep_to_file_for():
    milk = [{"product": "milk", "quantity": 2}]
    ahead = {"external_id": "A1", "client": "bar-00", "rep": "slip", "ordered_at": datetime(9999, 1, 1, tzinfo=UTC)}
    merge_orders([ahead | {"lines": milk}], source="test")

    call_command("create_activities", "--type", "upsell", "--clients", "bar-00")

    assert Activity.objects.get().rep == "rep-0"


def test_what_is_filed_in_bulk_reads_like_what_a_tool_files(tool):
    call_command("create_activities", "--type", "upsell", "--clients", "cafe-04")
    by_tool = tool.file(client="cafe-04", rep="rep-1", activityType="upsell")

    in_bulk = tool.get(f"{API}?status=processing&order=asc").body["data"][0]

    its_own = ("_id", "createdAt", "updatedAt")
    assert {k: v for k, v in in_bulk.items() if k not in its_own} == {
        k: v for k, v in by_tool.items() if k not in its_own
    }


@pytest.mark.parametrize(
    ("options", "done", "filed"),
    [
        ([], "filed", {"cafe-new": "rep-7", "cafe-01": "rep-1"}),
        (["--dry-run"], "would be filed", {"cafe-new": "rep-7"}),
    ],
)
def test_a_client_without_a_rep_is_named_and_nothing_is_filed_before_one_is_given(options, done, filed, capsys):
    merge_clients([{"external_id": "cafe-new"}])
    two = ["--type", "upsell", "--clients", "cafe-new", "cafe-01"]
    with pytest.raises(CommandError, match=r"No rep is known for cafe-new\. Nothing was filed.*--rep"):
        call_command("create_activities", *two, *options)
    assert not Activity.objects.exists()

    call_command("create_activities", "--type", "upsell", "--clients", "cafe-new", "--rep", "rep-7")
    call_command("create_activities", *two, *options)

    said = capsys.readouterr().out.splitlines()[-1]
    assert said == f"1 activities {done}, 1 clients have one that waits."
    assert dict(Activity.objects.values_list("client", "rep")) == filed


@pytest.mark.parametrize("options", [[], ["--rep", "rep-7"], ["--dry-run"]])
def test_clients_that_are_not_known_are_named_and_nothing_is_filed(options):
    with pytest.raises(CommandError, match=r"There is no client NOPE, coffee-01\. Nothing was filed"):
        call_command("create_activities", "--type", "upsell", "--clients", "cafe-01", "coffee-01", "NOPE", *options)

    assert not Activity.objects.exists()
