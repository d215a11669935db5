"""What is left to the workers: single activities, and runs."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from activities import runs
from activities.generation import GenerationError, generate_waiting
from activities.models import Activity, RegenerationRun, ReviewItem
from activities.review import Decision, decide
from activities.selection import Selection
from activities.tasks import TRIES, TryAgainError, generate_activity, regenerate_chunk
from recommender.models import ModelVersion
from tests.queued_jobs import jobs, workers_die_over
from tests.service import API
from tests.wholesale import AS_OF_LAST_DAY

pytestmark = pytest.mark.usefixtures("wholesale_house", "db")


def ask_later(tool, activity_id, prefer="respond-async"):
    return tool.post(path=f"{API}/{activity_id}/generate", prefer=prefer)


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
