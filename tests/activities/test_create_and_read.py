import re

import pytest

from tests.conftest import API

WHAT_TOOLS_ARE_DOCUMENTED_WITH = {
    "client": "string",
    "rep": "string",
    "activityType": "recommendation",
    "inputData": {
        "historicalOrders": [
            {
                "orderId": "string",
                "date": "2024-01-01T00:00:00.000Z",
                "items": [{"product": "string", "quantity": 0, "price": 0}],
            }
        ],
        "clientPreferences": {},
        "marketData": {},
        "inventoryLevels": {},
    },
    "aiModel": {"name": "string", "version": "string", "confidence": 0, "parameters": {}},
    "feedback": {
        "userRating": 1,
        "acceptedRecommendations": ["string"],
        "rejectedRecommendations": ["string"],
        "comments": "string",
    },
    "metadata": {},
}


def test_a_new_activity_waits_to_be_generated(tool):
    activity = tool.file(metadata={"visit": 7, "note": None})

    assert re.fullmatch("[0-9a-f]{24}", activity["_id"])
    assert activity["status"] == "processing"
    assert activity["processingTime"] is None
    assert (activity["recommendations"], activity["insights"], activity["generatedOrder"]) == ([], {}, {})
    assert activity["metadata"] == {"visit": 7, "note": None}
    assert activity["createdAt"].endswith("Z")


def test_what_was_filed_is_read_back_with_a_strong_etag(tool):
    activity = tool.file()

    answer = tool.get(f"{API}/{activity['_id']}")

    assert answer.body == {"success": True, "data": activity}
    assert answer.headers["ETag"].startswith('"')
    assert tool.get(f"{API}/{activity['_id']}", if_none_match=answer.headers["ETag"]).status_code == 304


def test_ids_rise_with_time(tool):
    ids = [tool.file()["_id"] for _ in range(20)]

    assert ids == sorted(ids)


def test_the_documented_sample_is_taken_by_post_and_put(tool, wholesale_house):
    created = tool.post(WHAT_TOOLS_ARE_DOCUMENTED_WITH)
    replaced = tool.put(created.body["data"]["_id"], WHAT_TOOLS_ARE_DOCUMENTED_WITH)

    assert (created.status_code, replaced.status_code) == (201, 200)
    assert tool.generate(created.body["data"]["_id"]).status_code == 200


def test_every_fault_is_named_by_its_path(tool):
    answer = tool.post(
        {
            "client": "",
            "activityType": "gossip",
            "colour": "blue",
            "inputData": {
                "historicalOrders": [{"date": "yesterday", "items": [{"product": "a", "quantity": "many"}]}],
                "clientPreferences": {"maxItems": 0},
                "marketData": {"promotions": {"a": 2}},
                "inventoryLevels": {"a": "plenty"},
            },
            "aiModel": {"parameters": {"asOf": "soon"}},
            "feedback": {"userRating": 6},
        }
    )

    assert answer.status_code == 400
    assert answer.body["code"] == "validation_error"
    assert set(answer.body["details"]) == {
        "client",
        "rep",
        "activityType",
        "colour",
        "inputData.historicalOrders[0].date",
        "inputData.historicalOrders[0].items[0].quantity",
        "inputData.clientPreferences.maxItems",
        "inputData.marketData.promotions.a",
        "inputData.inventoryLevels.a",
        "aiModel.parameters.asOf",
        "feedback.userRating",
    }


def test_null_is_as_if_left_out_but_not_for_a_required_field(tool):
    activity = tool.file(inputData=None, feedback={"userRating": None, "comments": None}, aiModel={"name": None})

    assert (activity["inputData"], activity["feedback"], activity["aiModel"]) == ({}, {}, {})
    assert tool.post({"client": None, "rep": "r", "activityType": "upsell"}).body["details"].keys() == {"client"}


def test_three_point_zero_is_the_integer_three(tool):
    assert tool.file(feedback={"userRating": 3.0})["feedback"]["userRating"] == 3


@pytest.mark.parametrize("path", ["", "/000000000000000000000000", "/no-id", "/%00", "/A00000000000000000000000"])
def test_an_activity_that_is_not_there_is_a_404_whatever_its_id(tool, path):
    answer = tool.get(f"{API}{path or '/' + 'f' * 24}")

    assert (answer.status_code, answer.body["code"]) == (404, "not_found")


def test_a_deleted_activity_is_gone(tool):
    activity = tool.file()

    assert tool.delete(activity["_id"]).body["success"] is True
    assert tool.get(f"{API}/{activity['_id']}").status_code == 404
    assert tool.delete(activity["_id"]).status_code == 404


@pytest.mark.parametrize("number", [2**53, 2**63, 2**64, 10**30, 1e300, 0.1, -(10**40)])
def test_numbers_of_any_size_can_be_kept(tool, number):
    activity = tool.file(metadata={"number": number})

    assert tool.get(f"{API}/{activity['_id']}").body["data"]["metadata"]["number"] == pytest.approx(number)
    assert tool.get().status_code == 200
