"""Many callers at once, over real connections: nothing twice, nothing lost."""

import asyncio
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO

import pytest
import requests
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from activities import runs, views
from activities.filing import Filed, file_for_clients
from activities.generation import GenerationError, generate, generate_later, generate_waiting
from activities.housekeeping import forget_lines
from activities.job_queue import queue_generation, queue_schedule
from activities.models import Activity, ApiKey, RegenerationRun, ReviewItem, ReviewRule
from activities.reading import document_text
from activities.review import decide, judge_all
from activities.selection import Selection
from activities.updates import cancel_activity, create_activity, update_activity
from activities.worker import take_up_abandoned_jobs
from recommender.models import ModelVersion, SuggestedLine
from tests.admin.people import ops_user
from tests.conftest import Tool
from tests.service import API, PATIENCE_SECONDS, database_url, running_service

pytestmark = pytest.mark.django_db(transaction=True)
# Who waits for a row waits for a transaction, which is no database's; but it holds a lock in its own.
WAITING = """
    SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pid IN (
        SELECT pid FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
"""
JOBS = "admin:procrastinate_procrastinatejob_changelist"
WANTED = {"client": "c", "rep": "r", "activityType": "upsell"}
STORED = {"client": "c", "rep": "r", "activity_type": "upsell"}
IMPOSSIBLE = {"parameters": {"asOf": "never"}}


class RemoteTool(Tool):
    """A sales tool that reaches a running service, on a connection of its own for each call."""

    def __init__(self, address: str, token: str):
        self.address, self.token = address, token

    def exchange(self, method, path, data, headers):
        return requests.request(
            method, self.address + path, data=data, headers={"api-key": self.token} | headers, timeout=PATIENCE_SECONDS
        )


@pytest.fixture(scope="module")
def service(django_db_setup):
    # One process may take all calls: it has threads enough for several to stand in it at once.
    with running_service(database_url(connection.settings_dict), WEB_THREADS="4") as address:
        yield address


@pytest.fixture
def remote_tool(service, db):
    return RemoteTool(service, ApiKey.issue("many")[1])


@pytest.fixture
def queue(transactional_db):
    """The workers' queue, which Django does not empty after a test."""
    queue = app.connector.get_sync_connector()
    yield queue
    queue.execute_query("DELETE FROM procrastinate_jobs")


@pytest.fixture
def meanwhile(transactional_db):
    """Begins a call on a connection of its own, and comes back when it stands waiting for somebody or has ended."""
    begun = []

    def begin(call):
        running = pool.submit(on_own_connection, call)
        begun.append(running)
        with connection.cursor() as cursor:
            wait_until_calls_wait(cursor, several=sum(not each.done() for each in begun), unless=running.done)
        return running

    with ThreadPoolExecutor(2) as pool:
        yield begin


def on_own_connection(call):
    try:
        return call()
    finally:
        connection.close()


def at_once(calls):
    """The answers to calls that truly overlap: no row can be written until several of them stand waiting."""
    with ThreadPoolExecutor(len(calls)) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE activities_activity IN EXCLUSIVE MODE")
            answers = [pool.submit(call) for call in calls]
            wait_until_calls_wait(cursor)
        return [answer.result() for answer in answers]


def wait_until_calls_wait(cursor, several=4, unless=lambda: False):
    end = time.monotonic() + PATIENCE_SECONDS
    waiting = 0
    while waiting < several and not unless():
        assert time.monotonic() < end
        time.sleep(0.01)
        cursor.execute(WAITING)
        [waiting] = cursor.fetchone()


def test_fifty_posts_with_one_key_make_one_row_and_fifty_equal_answers(remote_tool):
    answers = at_once([lambda: remote_tool.post(WANTED, idempotency_key="visit-7")] * 50)

    assert Counter(answer.status_code for answer in answers) == {201: 50}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    assert Activity.objects.count() == 1


def test_of_twenty_patches_of_one_version_one_wins(remote_tool):
    activity = remote_tool.file()
    etag = remote_tool.get(f"{API}/{activity['_id']}").headers["ETag"]

    def patch(number):
        return lambda: remote_tool.patch(activity["_id"], {"metadata": {"winner": number}}, if_match=etag)

    answers = at_once([patch(number) for number in range(20)])

    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 19}
    [winner] = [answer for answer in answers if answer.status_code == 200]
    assert remote_tool.get(f"{API}/{activity['_id']}").body == winner.body


def test_of_two_starts_of_one_selection_one_is_refused(meanwhile):
    create_activity(**STORED)

    with transaction.atomic():
        runs.start_run(Selection())
        second = meanwhile(lambda: runs.start_run(Selection()))

    with pytest.raises(runs.RunUnderWayError):
        second.result()
    assert RegenerationRun.objects.count() == 1


def test_two_at_once_file_one_activity_for_a_client(meanwhile):
    with transaction.atomic():
        file_for_clients("upsell", ["c"], "r")
        second = meanwhile(lambda: file_for_clients("upsell", ["c"], "r"))

    assert second.result() == Filed(possible=0, waiting=1, without_rep=[])
    assert Activity.objects.count() == 1


def test_inputs_that_are_put_right_while_a_generation_fails_over_the_former_ones_are_not_failed(meanwhile, tool):
    activity = create_activity(**STORED, requested_model=IMPOSSIBLE)

    with transaction.atomic():
        Activity.objects.select_for_update().get()
        generation = meanwhile(lambda: generate(activity.pk))
        correction = meanwhile(lambda: tool.put(activity.pk, WANTED | {"aiModel": {"name": "default"}}))

    with pytest.raises(GenerationError, match=r"(?i)never"):
        generation.result()
    assert correction.result().status_code == 200
    shown = tool.get(f"{API}/{activity.pk}").body["data"]
    assert (shown["status"], shown["metadata"]) == ("processing", {})


def test_a_tool_that_is_slow_to_send_its_change_keeps_nobody_waiting(meanwhile, tool):
    activity = tool.file()
    others = []

    class SlowBody(BytesIO):
        def read(self, size=-1):
            others.append(meanwhile(lambda: tool.patch(activity["_id"], {"rep": "other"})).done())
            return super().read(size)

    body = b'{"metadata": {"a": 1}}'
    slow = {"content_type": "application/json", "wsgi.input": SlowBody(body)}
    answer = tool.http.generic("PATCH", f"{API}/{activity['_id']}", body, **slow).json()["data"]

    assert set(others) == {True}
    assert (answer["rep"], answer["metadata"]) == ("other", {"a": 1})


def test_an_activity_asked_for_anew_while_a_worker_begins_its_former_job_is_not_left_waiting(meanwhile, queue):
    ModelVersion.objects.create(name="m", number=1, status="active", traffic_share=1)
    activity = create_activity(**STORED, status="completed", requested_model=IMPOSSIBLE)
    queue_generation(activity.pk)

    with transaction.atomic():
        generate_later(activity.pk)
        job = meanwhile(lambda: generate_waiting(activity.pk))

    with pytest.raises(GenerationError):
        job.result()
    activity.refresh_from_db()
    assert activity.status == "failed"


@pytest.fixture
def before_it_is_read(meanwhile, monkeypatch):
    """Has somebody do something with an activity just before its document is read for an answer."""

    def do(something):
        def read_late(pk):
            monkeypatch.undo()
            meanwhile(lambda: something(pk))
            return document_text(pk)

        monkeypatch.setattr(views, "document_text", read_late)

    return do


def test_who_leaves_an_activity_to_the_workers_is_told_that_it_waits_however_quick_they_are(
    before_it_is_read, queue, tool
):
    ModelVersion.objects.create(name="m", number=1, status="active", traffic_share=1)
    activity = create_activity(**STORED, requested_model=IMPOSSIBLE)
    before_it_is_read(generate_waiting)

    answer = tool.post(path=f"{API}/{activity.pk}/generate", prefer="respond-async")

    assert (answer.status_code, answer.body["data"]["status"]) == (202, "processing")


@pytest.mark.parametrize("headers", [{}, {"idempotency_key": "k"}])
def test_who_files_an_activity_is_answered_though_it_is_deleted_at_once(before_it_is_read, tool, headers):
    before_it_is_read(lambda pk: tool.delete(pk))

    answer = tool.post(WANTED, **headers)

    assert (answer.status_code, answer.body["data"]["status"]) == (201, "processing")


def test_an_activity_and_its_job_can_be_cancelled_at_once(meanwhile, queue, client):
    activity = create_activity(**STORED)
    queue_generation(activity.pk)
    client.force_login(ops_user())
    wanted = {"action": "cancel", "_selected_action": [ProcrastinateJob.objects.get().pk]}

    with transaction.atomic():
        Activity.objects.select_for_update().get()
        page = meanwhile(lambda: client.post(reverse(JOBS), wanted, follow=True))
        cancel_activity(activity)

    assert "0 cancelled." in page.result().content.decode()
    activity.refresh_from_db()
    assert activity.status == "cancelled"


@pytest.mark.parametrize("button", ["activity_feedback", "reviewitem_decide"])
def test_what_is_deleted_while_somebody_answers_it_is_not_found(meanwhile, client, button):
    activity = create_activity(**STORED, feedback={"userRating": 1})
    pk = activity.pk if button == "activity_feedback" else activity.review.pk
    client.force_login(ops_user())

    with transaction.atomic():
        Activity.objects.select_for_update().get()
        page = meanwhile(lambda: client.post(reverse(f"admin:activities_{button}", args=[pk]), {"decision": "keep"}))
        activity.delete()

    assert page.result().status_code == 404


def test_jobs_that_two_people_try_again_at_once_are_queued_once_and_the_others_too(meanwhile, queue, client):
    for activity in ("a1", "a2"):
        queue_generation(activity)
    other, both = ProcrastinateJob.objects.order_by("id")
    queue.execute_query("UPDATE procrastinate_jobs SET status = 'failed'")
    client.force_login(ops_user())
    wanted = {"action": "retry", "_selected_action": [other.pk, both.pk]}

    with transaction.atomic():
        app.job_manager.retry_job_by_id(both.pk, timezone.now())
        page = meanwhile(lambda: client.post(reverse(JOBS), wanted, follow=True))

    said = page.result().content.decode()
    assert "1 queued again." in said
    assert "waits already, or was taken up." in said
    assert ProcrastinateJob.objects.filter(status="todo").count() == 2


def test_a_run_waits_a_while_for_an_activity_that_somebody_is_at_and_tries_again_later(meanwhile, monkeypatch):
    monkeypatch.setattr(runs, "PATIENCE", timedelta(seconds=1))
    activity = create_activity(**STORED)
    run = runs.start_run(Selection())

    with transaction.atomic():
        update_activity(activity, {"rep": "other"})
        meanwhile(lambda: runs.work_on_next(run)).result()  # leaves what is locked to later
        meanwhile(lambda: runs.work_on_next(run)).result(timeout=10)

    left = run.chunks.waiting().get()
    assert (left.busy_ids, left.tries) == ([activity.pk], 1)
    assert "lock timeout" in left.failure


def test_a_line_that_is_answered_while_old_lines_are_forgotten_stays(meanwhile, tool):
    activity = tool.file()
    line = SuggestedLine.objects.create(
        activity=activity["_id"], client=activity["client"], product="milk", rep=activity["rep"], rank=1,
        confidence=0.5, quantity=6, suggested_at=timezone.now(), superseded=True,
    )  # fmt: skip

    with transaction.atomic():
        Activity.objects.select_for_update().get()
        forgetting = meanwhile(lambda: sum(forget_lines(timezone.now())))
        tool.patch(activity["_id"], {"feedback": {"acceptedRecommendations": ["milk"]}})

    assert forgetting.result() == 0
    line.refresh_from_db()
    assert line.outcome == "accepted"


def test_a_decision_made_while_all_activities_are_looked_through_stands(meanwhile):
    activity = create_activity(**STORED, feedback={"userRating": 1})
    ReviewRule.objects.update(weight=77)
    ops = User.objects.create(username="olga")

    with transaction.atomic():
        Activity.objects.select_for_update().get(pk=activity.pk)
        decide(ReviewItem.objects.get().pk, ops, "close", reason="solved")
        looked_through = meanwhile(judge_all)

    assert looked_through.result() == 1
    item = ReviewItem.objects.get()
    assert (item.state, item.decided_by, item.weight) == ("closed", ops, 77)


def test_a_schedule_whose_worker_died_when_its_next_run_waited_already_runs_again(queue):
    queue_schedule("training")
    # As a worker leaves its job that was found dead and is forgotten.
    queue.execute_query("UPDATE procrastinate_jobs SET status = 'doing'")
    queue_schedule("training")

    taken = asyncio.run(sweep_and_take_a_job())

    first, second = ProcrastinateJob.objects.order_by("id")
    assert (first.status, second.status) == ("failed", "doing")
    assert taken.id == second.pk


async def sweep_and_take_a_job():
    worker_app = app.with_connector(app.connector.get_worker_connector())
    async with worker_app.open_async():
        worker = await worker_app.job_manager.register_worker()
        await take_up_abandoned_jobs(worker_app)
        return await worker_app.job_manager.fetch_job(queues=None, worker_id=worker)
