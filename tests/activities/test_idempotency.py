"""A POST that is sent again under its Idempotency-Key is answered once."""

from datetime import timedelta

from django.db.models import F

from activities.models import Activity, ApiKey, KeptAnswer
from tests.conftest import Tool

WANTED = {"client": "c", "rep": "r", "activityType": "upsell"}
DAY, MOMENT = timedelta(hours=24), timedelta(minutes=1)


def kept_since(time):
    """As if every answer had been given so long ago."""
    KeptAnswer.objects.update(created_at=F("created_at") - time)


def test_the_first_answer_comes_again_though_the_activity_has_changed(tool):
    first = tool.post(WANTED, idempotency_key="k")
    tool.patch(first.body["data"]["_id"], {"rep": "other"})

    again = tool.post(dict(reversed(WANTED.items())), idempotency_key="k")

    assert (again.status_code, again.body, again.headers["ETag"]) == (201, first.body, first.headers["ETag"])


def test_an_answer_is_kept_for_a_day_and_no_longer(tool):
    first = tool.post(WANTED, idempotency_key="k").body

    kept_since(DAY - MOMENT)
    within = tool.post(WANTED, idempotency_key="k").body
    kept_since(2 * MOMENT)
    later = tool.post(WANTED | {"client": "d"}, idempotency_key="k")

    assert within == first
    assert (later.status_code, later.body["data"]["client"]) == (201, "d")
    assert Activity.objects.count() == 2


def test_answers_under_other_keys_are_left_to_the_cleaning_however_many_there_are(tool):
    tool.post(WANTED, idempotency_key="yesterday's")
    kept_since(DAY + MOMENT)

    tool.post(WANTED, idempotency_key="today's")

    assert set(KeptAnswer.objects.values_list("key", flat=True)) == {"yesterday's", "today's"}


def test_the_same_key_with_another_body_is_refused_and_refusals_are_not_kept(tool):
    refused = tool.post({"client": "c"}, idempotency_key="k")
    first = tool.post(WANTED, idempotency_key="k")
    other = tool.post(WANTED | {"client": "d"}, idempotency_key="k")

    assert (refused.status_code, first.status_code) == (400, 201)
    assert (other.status_code, other.body["code"]) == (422, "idempotency_key_reused")


def test_a_key_is_the_callers_own_and_has_255_characters_at_most(tool):
    first = tool.post(WANTED, idempotency_key="x" * 255)

    assert Tool(ApiKey.issue("else")[1]).post(WANTED, idempotency_key="x" * 255).body != first.body
    assert list(tool.post(WANTED, idempotency_key="x" * 256).body["details"]) == ["Idempotency-Key"]
