"""Work for many activities goes to the workers, and their queue can be looked at and operated."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib import admin
from django.urls import reverse
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from activities.admin.batches import FEW
from activities.job_queue import queue_generation, queue_schedule
from activities.models import Activity, RegenerationRun, Schedule
from activities.runs import start_run, work_on
from activities.selection import Selection
from recommender.models import ModelVersion
from salesai.model_admin import ModelAdmin
from tests.admin.people import sales_manager

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house")]
LIST = "admin:activities_activity_changelist"
JOBS = "admin:procrastinate_procrastinatejob_changelist"


@pytest.fixture
def many(tool):
    return [tool.file(client=f"cafe-{n % 20:02}")["_id"] for n in range(FEW + 1)]


def ask(ops, pks, **fields):
    wanted = {"action": "regenerate", "_selected_action": pks, "confirmed": "1"} | fields
    return ops.post(reverse(LIST), wanted, follow=True)


def statuses():
    return set(Activity.objects.values_list("status", flat=True))


def test_many_are_left_to_the_workers_and_the_message_leads_to_their_progress(ops, many):
    answer = ask(ops, many)

    run = RegenerationRun.objects.get()
    page = reverse("admin:activities_regenerationrun_change", args=[run.pk])
    assert (
        f'{FEW + 1} activities are left to the workers; <a class="ops-link" href="{page}">' in answer.content.decode()
    )
    assert f"{FEW + 1} waiting" in ops.get(page).content.decode()
    assert statuses() == {"processing"}
    assert ProcrastinateJob.objects.filter(status="todo").count() == 1


@pytest.mark.parametrize(("seconds_ago", "said"), [(None, True), (60, True), (1, False)])
def test_that_no_worker_runs_is_said_with_what_is_left_to_them(ops, many, seconds_ago, said):
    beat(seconds_ago)

    asked = ask(ops, many)
    run = ops.get(reverse("admin:activities_regenerationrun_change", args=[RegenerationRun.objects.get().pk]))

    assert ("No worker is running: start one" in asked.content.decode()) is said
    assert ("No worker is running: start one" in run.content.decode()) is said


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_worker_runs_by_the_clock_of_the_database_that_it_shows_itself_by(ops, many, monkeypatch, hours):
    beat(1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime.now(UTC) + timedelta(hours=hours))

    assert "No worker is running" not in ask(ops, many).content.decode()


@pytest.mark.parametrize("hours", [-1, 1])
def test_no_worker_runs_though_the_clock_of_the_web_server_is_wrong(ops, many, monkeypatch, hours):
    beat(60)
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime.now(UTC) + timedelta(hours=hours))

    assert "No worker is running" in ask(ops, many).content.decode()


def beat(seconds_ago):
    """A worker shows that it lives, so long ago."""
    app.connector.get_sync_connector().execute_query(
        "INSERT INTO procrastinate_workers (last_heartbeat) SELECT now() - %(age)s * interval '1 second'"
        " WHERE %(age)s IS NOT NULL",
        age=seconds_ago,
    )


def test_the_workers_do_what_was_chosen_and_nothing_else(ops, many, tool):
    other = tool.file(client="bar-01")["_id"]
    ask(ops, many)
    run = RegenerationRun.objects.get()

    chunks = [work_on(chunk.pk) for chunk in run.chunks.all()]

    run.refresh_from_db()
    assert ([chunk.completed for chunk in chunks], run.status) == ([FEW + 1], "completed")
    assert Activity.objects.get(pk=other).status == "processing"
    assert set(Activity.objects.filter(pk__in=many).values_list("status", flat=True)) == {"completed"}


def test_what_is_cancelled_meanwhile_is_left_out(ops, many, tool):
    ask(ops, many)
    tool.post(path=f"/activity-ai-sales-order/{many[0]}/cancel")
    run = RegenerationRun.objects.get()

    work_on(run.chunks.get().pk)

    run.refresh_from_db()
    assert (run.figures()["completed"], run.figures()["left_out"], run.status) == (FEW, 1, "completed")
    assert Activity.objects.get(pk=many[0]).status == "cancelled"


def test_a_few_are_done_at_once(ops, many):
    answer = ask(ops, many[:FEW])

    assert f"Regenerated {FEW}." in answer.content.decode()
    assert not RegenerationRun.objects.exists()


def test_all_of_a_list_can_be_chosen_beyond_its_first_page(ops, many, tool):
    tool.post(path=f"/activity-ai-sales-order/{many[0]}/cancel")
    narrowed = f"{reverse(LIST)}?status__exact=processing"
    wanted = {"action": "regenerate", "_selected_action": many[1:3], "select_across": "1"}

    asked = ops.post(narrowed, wanted)
    ops.post(narrowed, wanted | {"confirmed": "1"})

    assert f"Regenerate {FEW} activities?" in asked.content.decode()
    assert 'name="select_across" value="1"' in asked.content.decode()
    assert Activity.objects.filter(status="completed").count() == FEW


def test_two_choices_of_many_stand_beside_each_other_and_beside_a_run_of_all(ops, many):
    ask(ops, many)
    ask(ops, many)
    start_run(Selection(), queued=True)

    assert [run.is_running for run in RegenerationRun.objects.all()] == [True, True, True]


def test_without_a_model_nothing_is_queued(ops, many):
    ModelVersion.objects.update(status="retired")

    answer = ask(ops, many)

    assert "no model" in answer.content.decode().lower()
    assert not RegenerationRun.objects.exists()


def test_a_job_shows_what_it_is_about_and_what_happened(ops):
    queue_generation("a1")
    job = ProcrastinateJob.objects.get()

    listed = ops.get(reverse(JOBS)).content.decode()
    opened = ops.get(reverse("admin:procrastinate_procrastinatejob_change", args=[job.pk])).content.decode()

    assert "generate activity" in listed
    assert f'href="{reverse("admin:activities_activity_change", args=["a1"])}">Activity a1</a>' in listed
    assert "Jobs | Sales AI" in listed
    assert "deferred" in opened


def test_jobs_name_the_run_and_the_schedule_that_they_are_of(ops, many):
    ask(ops, many)
    queue_schedule("training")
    run = RegenerationRun.objects.get()

    listed = ops.get(reverse(JOBS)).content.decode()

    page = reverse("admin:activities_regenerationrun_change", args=[run.pk])
    assert f'href="{page}">{run}</a>, {FEW + 1} activities' in listed
    assert ">training<" in listed


def test_ops_cancels_jobs_that_wait_and_tries_failed_ones_again(ops):
    queue_generation("a1")
    job = ProcrastinateJob.objects.get()
    turn(job, "failed")

    ops.post(reverse(JOBS), {"action": "retry", "_selected_action": [job.pk]})
    again = ProcrastinateJob.objects.get().status
    ops.post(reverse(JOBS), {"action": "cancel", "_selected_action": [job.pk]})

    assert (again, ProcrastinateJob.objects.get().status) == ("todo", "cancelled")


def test_a_run_whose_jobs_are_cancelled_ends_and_says_why(ops, many):
    ask(ops, many)

    ops.post(reverse(JOBS), {"action": "cancel", "_selected_action": [ProcrastinateJob.objects.get().pk]})

    run = RegenerationRun.objects.get()
    assert (run.status, run.reason) == ("failed", "Its job was cancelled.")
    assert run.figures()["waiting"] == 0


def test_an_activity_whose_job_is_cancelled_waits_no_longer_and_says_why(ops, tool):
    activity = tool.file()["_id"]
    queue_generation(activity)

    ops.post(reverse(JOBS), {"action": "cancel", "_selected_action": [ProcrastinateJob.objects.get().pk]})

    failed = Activity.objects.get(pk=activity)
    assert (failed.status, failed.metadata["failure"]) == ("failed", "Its job was cancelled.")


def test_a_schedule_whose_job_is_cancelled_has_failed_then_and_not_at_its_run_before(ops):
    before = datetime(2026, 1, 1, tzinfo=UTC)
    Schedule.objects.create(
        name="training", cron="0 1 * * *", next_run_at=before, last_run_at=before, last_finished_at=before,
        last_outcome="succeeded",
    )  # fmt: skip
    queue_schedule("training")

    ops.post(reverse(JOBS), {"action": "cancel", "_selected_action": [ProcrastinateJob.objects.get().pk]})

    schedule = Schedule.objects.get()
    assert (schedule.last_outcome, schedule.last_words) == ("failed", "Its job was cancelled.")
    assert before < schedule.last_run_at <= schedule.last_finished_at


def test_cancelling_the_next_run_of_a_schedule_leaves_the_one_under_way_alone(ops):
    schedule = Schedule.objects.create(name="training", cron="0 1 * * *", next_run_at=datetime(2031, 1, 1, tzinfo=UTC))
    queue_schedule("training")
    turn(ProcrastinateJob.objects.get(), "doing")
    schedule.begin()
    queue_schedule("training")

    next_run = ProcrastinateJob.objects.get(status="todo")
    ops.post(reverse(JOBS), {"action": "cancel", "_selected_action": [next_run.pk]})

    schedule.refresh_from_db()
    assert (schedule.last_outcome, schedule.last_words, schedule.last_finished_at) == ("running", "", None)
    assert set(ProcrastinateJob.objects.values_list("status", flat=True)) == {"doing", "cancelled"}


def turn(job, status):
    app.connector.get_sync_connector().execute_query(
        "UPDATE procrastinate_jobs SET status = %(status)s::procrastinate_job_status WHERE id = %(pk)s",
        status=status,
        pk=job.pk,
    )


def test_a_failed_job_whose_work_waits_again_is_not_queued_twice(ops):
    queue_generation("a1")
    failed = ProcrastinateJob.objects.get()
    turn(failed, "failed")
    queue_generation("a1")

    answer = ops.post(reverse(JOBS), {"action": "retry", "_selected_action": [failed.pk]}, follow=True)

    assert "waits already" in answer.content.decode()
    assert ProcrastinateJob.objects.filter(status="todo").count() == 1


@pytest.mark.parametrize("act", ["retry", "cancel", "abort"])
def test_a_sales_manager_looks_at_jobs_and_changes_none(client, act):
    client.force_login(sales_manager())
    queue_generation("a1")
    job = ProcrastinateJob.objects.get()

    listed = client.get(reverse(JOBS))
    client.post(reverse(JOBS), {"action": act, "_selected_action": [job.pk]})

    assert listed.status_code == 200
    assert ProcrastinateJob.objects.get().status == "todo"


def test_no_page_of_the_admin_looks_foreign():
    assert [page for page in admin.site._registry.values() if not isinstance(page, ModelAdmin)] == []
