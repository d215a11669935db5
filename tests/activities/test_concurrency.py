"""Many callers at once: nothing twice, nothing lost."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from activities.models import Activity, ApiKey
from tests.conftest import API, Tool

pytestmark = pytest.mark.django_db(transaction=True)
WANTED = {"client": "c", "rep": "r", "activityType": "upsell"}


@pytest.fixture
def token(db):
    return ApiKey.issue("many")[1]


def at_once(calls):
    def run(call):
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_fifty_posts_with_one_key_make_one_row_and_fifty_equal_answers(token):
    answers = at_once([lambda: Tool(token).post(WANTED, idempotency_key="visit-7")] * 50)

    assert Counter(answer.status_code for answer in answers) == {201: 50}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer["ETag"] for answer in answers}) == 1
    assert Activity.objects.count() == 1


def test_of_twenty_patches_of_one_version_one_wins(token):
    activity = Tool(token).file()
    etag = Tool(token).get(f"{API}/{activity['_id']}").headers["ETag"]

    def patch(number):
        return lambda: Tool(token).patch(activity["_id"], {"metadata": {"winner": number}}, if_match=etag)

    answers = at_once([patch(number) for number in range(20)])

    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 19}
    [winner] = [answer for answer in answers if answer.status_code == 200]
    assert Tool(token).get(f"{API}/{activity['_id']}").body == winner.body


def test_the_same_key_with_another_body_is_a_422_and_refusals_are_not_kept(token):
    tool = Tool(token)
    refused = tool.post({"client": "c"}, idempotency_key="k")
    first = tool.post(WANTED, idempotency_key="k")
    other = tool.post(WANTED | {"client": "d"}, idempotency_key="k")

    assert (refused.status_code, first.status_code) == (400, 201)
    assert (other.status_code, other.body["code"]) == (422, "idempotency_key_reused")
    assert Tool(ApiKey.issue("else")[1]).post(WANTED, idempotency_key="k").body != first.body
    assert tool.post(WANTED, idempotency_key="x" * 256).status_code == 400
