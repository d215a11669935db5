import pytest

from tests.conftest import API


def listed(tool, query=""):
    answer = tool.get(f"{API}?{query}")
    assert answer.status_code == 200, answer.body
    return [activity["_id"] for activity in answer.body["data"]]


def test_newest_first_in_pages_with_the_total_of_all(tool):
    ids = [tool.file()["_id"] for _ in range(5)]

    assert listed(tool, "limit=2") == [ids[4], ids[3]]
    assert listed(tool, "limit=2&offset=4") == [ids[0]]
    assert tool.get(f"{API}?limit=2&offset=99").body == {"success": True, "data": [], "total": 5}


def test_plain_filters_work_together(tool):
    wanted = tool.file(client="a", rep="r", activityType="upsell")["_id"]
    tool.file(client="a", rep="r", activityType="cross-sell")
    tool.file(client="b", rep="r", activityType="upsell")

    assert listed(tool, "client=a&rep=r&activityType=upsell&status=processing") == [wanted]
    assert listed(tool, "client=a&status=completed") == []


def test_created_after_is_inclusive_and_created_before_exclusive(tool):
    first, second = tool.file(), tool.file()

    assert listed(tool, f"createdAfter={second['createdAt']}") == [second["_id"]]
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


@pytest.mark.parametrize(
    "sort", ["_id", "createdAt", "updatedAt", "rep", "activityType", "status", "processingTime", "aiModel.confidence",
             "accuracy.estimated"],
)  # fmt: skip
def test_every_sort_of_the_contract_is_taken(tool, sort):
    ids = [tool.file()["_id"] for _ in range(2)]

    assert listed(tool, f"sort={sort}&order=asc") == ids


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"), ("limit=101", "limit"), ("limit=ten", "limit"), ("limit=", "limit"),
        ("offset=-1", "offset"),
        ("offset=1e3", "offset"), ("sort=name", "sort"), ("order=up", "order"), ("status=done", "status"),
        ("activityType=", "activityType"), ("createdAfter=2026-01-01", "createdAfter"), ("clinet=a", "clinet"),
        ("search=" + "x" * 201, "search"),
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
