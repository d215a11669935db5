"""Many callers at once, over real connections: nothing twice, nothing lost."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from django.contrib.auth.models import User
from django.db import connection, transaction

from activities.models import Activity, ApiKey, ReviewItem, ReviewRule
from activities.review import decide, judge, judge_all
from tests.conftest import API, Tool
from tests.service import PATIENCE_SECONDS, database_url, running_service

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = """
    SELECT count(DISTINCT pid) FROM pg_locks waiting JOIN pg_locks held USING (pid)
    WHERE NOT waiting.granted AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
WANTED = {"client": "c", "rep": "r", "activityType": "upsell"}


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


def at_once(calls):
    """The answers to calls that truly overlap: no row can be written until several of them stand waiting."""
    with ThreadPoolExecutor(len(calls)) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE activities_activity IN EXCLUSIVE MODE")
            answers = [pool.submit(call) for call in calls]
            wait_until_calls_wait(cursor)
        return [answer.result() for answer in answers]


def wait_until_calls_wait(cursor, several=4):
    end = time.monotonic() + PATIENCE_SECONDS
    waiting = 0
    while waiting < several and time.monotonic() < end:
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


def test_a_decision_made_while_all_activities_are_looked_through_stands():
    rule = ReviewRule.objects.get(kind=ReviewRule.Kind.LOW_RATING)
    activity = Activity.objects.create(client="c", rep="r", activity_type="upsell", feedback={"userRating": 1})
    judge([activity.pk])
    rule.weight = 77
    rule.save()
    ops = User.objects.create(username="olga")

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            Activity.objects.select_for_update().get(pk=activity.pk)
            decide(ReviewItem.objects.get().pk, ops, "close", reason="solved")
            looked_through = pool.submit(look_through)
            wait_until_calls_wait(cursor, several=1)
        assert looked_through.result() == 1

    item = ReviewItem.objects.get()
    assert (item.state, item.decided_by, item.weight) == ("closed", ops, 77)


def look_through():
    try:
        return judge_all()
    finally:
        connection.close()
