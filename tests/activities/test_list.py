import gzip
import json
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activities.models import Activity
from tests.service import API


def listed(tool, query=""):
    answer = tool.get(f"{API}?{query}")
    assert answer.status_code == 200, answer.body
    return [activity["_id"] for activity in answer.body["data"]]


def test_newest_first_in_pages_with_the_total_of_all(tool):
    ids = [tool.file()["_id"] for _ in range(5)]

    assert listed(tool, "limit=2") == [ids[4], ids[3]]
    assert listed(tool, "limit=2&offset=4") == [ids[0]]
    for beyond in (99, 10**30):
        assert tool.get(f"{API}?limit=2&offset={beyond}").body == {"success": True, "data": [], "total": 5}


def test_plain_filters_work_together(tool):
    wanted = tool.file(client="a", rep="r", activityType="upsell")["_id"]
    tool.file(client="a", rep="r", activityType="cross-sell")
    tool.file(client="b", rep="r", activityType="upsell")

    assert listed(tool, "client=a&rep=r&activityType=upsell&status=processing") == [wanted]
    assert listed(tool, "client=a&status=completed") == []


def test_blanks_around_an_id_are_part_of_it(tool):
    blank = tool.file(client=" a", rep="r ")["_id"]
    plain = tool.file(client="a", rep="r")["_id"]

    assert [listed(tool, f"client={client}") for client in ("%20a", "a")] == [[blank], [plain]]
    assert [listed(tool, f"rep={rep}") for rep in ("r%20", "r")] == [[blank], [plain]]


def test_created_after_is_inclusive_and_created_before_exclusive(tool):
    first, second = tool.file(), tool.file()

    assert listed(tool, f"createdAfter={second['createdAt']}") == [second["_id"]]
    assert listed(tool, f"createdAfter={second['createdAt'].lower()}") == [second["_id"]]
    assert listed(tool, f"createdBefore={second['createdAt']}") == [first["_id"]]


def test_missing_values_come_last_in_both_orders(tool):
    none = tool.file()["_id"]
    low = tool.file(feedback={"userRating": 1})["_id"]
    high = tool.file(feedback={"userRating": 5})["_id"]

    assert listed(tool, "sort=feedback.userRating&order=asc") == [low, high, none]
    assert listed(tool, "sort=feedback.userRating&order=desc") == [high, low, none]


def test_text_sorts_by_code_point_and_ties_go_by_id(tool):
    b, a, z = (tool.file(client=client)["_id"] for client in ("b", "a", "Z"))
    again = tool.file(client="a")["_id"]

    assert listed(tool, "sort=client&order=asc") == [z, a, again, b]
    assert listed(tool, "sort=client&order=desc") == [b, again, a, z]


FIELDS = {
    "createdAt": ("created_at", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
    "updatedAt": ("updated_at", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
    "client": ("client", "a", "b"),
    "rep": ("rep", "a", "b"),
    "activityType": ("activity_type", "cross-sell", "upsell"),
    "status": ("status", "completed", "processing"),
    "processingTime": ("processing_time", 0.5, 10.0),
    "aiModel.confidence": ("ai_model", {"confidence": 0.5}, {"confidence": 0.75}),
    "accuracy.estimated": ("accuracy", {"estimated": 0.5}, {"estimated": 0.75}),
    "feedback.userRating": ("feedback", {"userRating": 2}, {"userRating": 3}),
}


@pytest.mark.parametrize("sort", FIELDS)
def test_a_list_is_sorted_by_the_field_asked_for(tool, sort):
    """Only that field tells the two apart, and their ids the other way round."""
    column, less, more = FIELDS[sort]
    second, first = (Activity.objects.create(client="c", rep="r", activity_type="upsell") for _ in range(2))
    Activity.objects.update(created_at=first.created_at, updated_at=first.created_at)
    Activity.objects.filter(pk=first.pk).update(**{column: less})
    Activity.objects.filter(pk=second.pk).update(**{column: more})

    assert listed(tool, f"sort={sort}&order=asc") == [first.pk, second.pk]
    assert listed(tool, f"sort={sort}") == [second.pk, first.pk]


def test_sorted_by_id_in_either_order(tool):
    ids = [tool.file()["_id"] for _ in range(3)]
    Activity.objects.filter(pk=ids[0]).update(created_at=datetime(2099, 1, 1, tzinfo=UTC))

    assert listed(tool, "sort=_id&order=asc") == ids
    assert listed(tool, "sort=_id") == ids[::-1]


def test_fifty_come_at_a_time_and_a_hundred_at_most(tool):
    Activity.objects.bulk_create(Activity(client="c", rep="r", activity_type="upsell") for _ in range(101))

    assert (len(listed(tool)), len(listed(tool, "limit=100"))) == (50, 100)


def test_a_list_comes_compressed_to_who_takes_that_and_one_activity_with_its_strong_tag(tool):
    ids = [tool.file(metadata={"note": "n" * 500})["_id"] for _ in range(3)]

    whole = tool.get(API)
    zipped = tool.http.get(API, headers={"accept-encoding": "gzip"})
    one = tool.http.get(f"{API}/{ids[0]}", headers={"accept-encoding": "gzip"})

    assert "Content-Encoding" not in whole and zipped["Content-Encoding"] == "gzip"
    assert len(zipped.content) < len(whole.content) / 2
    assert json.loads(gzip.decompress(zipped.content)) == whole.body
    assert "Content-Encoding" not in one and not one["ETag"].startswith("W/")


def test_pages_of_equals_neither_repeat_nor_skip_a_row(tool):
    ids = [tool.file()["_id"] for _ in range(5)]
    Activity.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert listed(tool, "limit=2") + listed(tool, "limit=2&offset=2") + listed(tool, "offset=4") == ids[::-1]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"), ("limit=101", "limit"), ("limit=ten", "limit"), ("limit=", "limit"),
        ("offset=-1", "offset"),
        ("offset=1e3", "offset"), ("sort=name", "sort"), ("order=up", "order"), ("status=done", "status"),
        ("activityType=", "activityType"), ("createdAfter=2026-01-01", "createdAfter"), ("clinet=a", "clinet"),
        ("search=" + "x" * 201, "search"), ("filter={}" + " " * 7999, "filter"), ("limit=1.5", "limit"),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_refused_by_name(tool, query, parameter):
    answer = tool.get(f"{API}?{query}")

    assert (answer.status_code, list(answer.body["details"])) == (400, [parameter])


def test_text_that_nothing_can_hold_finds_nothing(tool):
    tool.file()

    assert listed(tool, "client=%00") == []
    assert listed(tool, "rep=") == []
    assert listed(tool, "search=a%00b") == []


@pytest.mark.parametrize("search", ["", "%20", "%00"])
def test_an_empty_search_asks_the_database_no_more_than_none(tool, search):
    tool.file()
    with CaptureQueriesContext(connection) as without:
        listed(tool)

    with CaptureQueriesContext(connection) as empty:
        listed(tool, f"search={search}")

    assert len(empty) == len(without)
