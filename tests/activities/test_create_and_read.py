import re

import pytest

from tests.service import API

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


EMPTY_SECTIONS = ("inputData", "aiModel", "insights", "accuracy", "feedback", "generatedOrder")


def test_a_new_activity_waits_to_be_generated(tool):
    activity = tool.file(metadata={"visit": 7, "note": None})

    assert re.fullmatch("[0-9a-f]{24}", activity["_id"])
    assert activity["status"] == "processing"
    assert activity["processingTime"] is None
    assert activity["recommendations"] == []
    assert all(activity[section] == {} for section in EMPTY_SECTIONS)
    assert activity["metadata"] == {"visit": 7, "note": None}
    assert activity["createdAt"].endswith("Z")


def test_what_was_filed_is_read_back_with_a_strong_etag(tool):
    activity = tool.file()

    answer = tool.get(f"{API}/{activity['_id']}")

    assert answer.body == {"success": True, "data": activity}
    assert answer.headers["ETag"].startswith('"')
    again = tool.get(f"{API}/{activity['_id']}", if_none_match=answer.headers["ETag"])
    assert (again.status_code, again.headers["ETag"]) == (304, answer.headers["ETag"])


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


@pytest.mark.parametrize(
    "moment", ["1899-12-31", "2200-01-01T00:00:00Z", "9999-12-31", "2026-02-30", "2026-1-1", "now"]
)
def test_a_moment_far_from_all_orders_is_no_as_of(tool, moment):
    answer = tool.post(
        {"client": "c", "rep": "r", "activityType": "upsell", "aiModel": {"parameters": {"asOf": moment}}}
    )

    assert list(answer.body["details"]) == ["aiModel.parameters.asOf"]


def test_null_is_as_if_left_out_but_not_for_a_required_field(tool):
    activity = tool.file(inputData=None, feedback={"userRating": None, "comments": None}, aiModel={"name": None})

    assert (activity["inputData"], activity["feedback"], activity["aiModel"]) == ({}, {}, {})
    assert tool.post({"client": None, "rep": "r", "activityType": "upsell"}).body["details"].keys() == {"client"}


def test_the_model_asked_for_is_shown_without_what_only_an_answer_has(tool):
    asked = {"name": "sales-recommender-v2", "version": "2.7.0", "parameters": {"limit": 3, "mood": "good"}}

    activity = tool.file(aiModel=asked | {"confidence": 0.9, "requested": {"name": "other"}})

    assert activity["aiModel"] == asked


def test_the_read_only_fields_of_a_document_are_ignored(tool):
    read = {
        "_id": "0" * 24, "status": "completed", "processingTime": 3, "recommendations": [{}], "insights": {"a": 1},
        "accuracy": {"estimated": 1}, "generatedOrder": {"orderId": "x"}, "createdAt": "2020-01-01T00:00:00Z",
        "updatedAt": "yesterday",
    }  # fmt: skip

    activity = tool.file(**read)

    assert (activity["status"], activity["recommendations"], activity["processingTime"]) == ("processing", [], None)
    assert activity["_id"] != read["_id"]
    assert activity["createdAt"] > "2026"


def test_keys_that_take_no_effect_are_stored_as_they_are(tool):
    inputs = {
        "clientPreferences": {"delivery": {"before": "09:00"}, "maxItems": 3},
        "marketData": {"weather": ["hot", 1]},
        "inventoryLevels": {"a": 2.5, "b": {"onHand": 1, "shelf": "B7"}},
    }

    assert tool.file(inputData=inputs)["inputData"] == inputs


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


@pytest.mark.parametrize("number", [0, 1234567890123456789, -(2**63), 2**64 - 1])
def test_numbers_of_64_bits_outlive_whatever_is_done_to_the_activity(tool, wholesale_house, number):
    activity = tool.file(metadata={"id": number}, inputData={"marketData": {"crm": number}})

    tool.generate(activity["_id"])
    shown = tool.patch(activity["_id"], {"feedback": {"userRating": 4}}).body["data"]
    sent_back = tool.put(activity["_id"], shown).body["data"]

    assert sent_back["metadata"]["id"] == sent_back["inputData"]["marketData"]["crm"] == number
    assert sent_back["status"] == "completed"


@pytest.mark.parametrize("number", [2**53, 2**63, 2**64, 10**30, 1e300, 0.1, -(10**40)])
def test_numbers_of_any_size_can_be_kept(tool, number):
    activity = tool.file(metadata={"number": number})

    assert tool.get(f"{API}/{activity['_id']}").body["data"]["metadata"]["number"] == pytest.approx(number)
    assert tool.get().status_code == 200
