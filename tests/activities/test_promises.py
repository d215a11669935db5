"""What the contract's descriptions promise in passing."""

import time

import pytest

from activities.models import Activity
from recommender.models import Order
from tests.service import API
from tests.wholesale import AS_OF_LAST_DAY, LAST_DAY


def test_generate_ignores_a_body_of_whatever_type(tool, wholesale_house):
    activity = tool.file()

    answer = tool.post(b"<xml/>", f"{API}/{activity['_id']}/generate", content_type="application/xml")

    assert answer.status_code == 200


def test_feedback_stays_when_generated_again_and_what_it_accepted_makes_the_order(tool, wholesale_house):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    product = activity["recommendations"][0]["product"]
    tool.patch(activity["_id"], {"feedback": {"acceptedRecommendations": [product]}})

    tool.generate(activity["_id"])

    again = tool.get(f"{API}/{activity['_id']}").body["data"]
    assert again["feedback"] == {"acceptedRecommendations": [product]}
    assert [item["product"] for item in again["generatedOrder"]["items"]] == [product]
    assert again["generatedOrder"]["orderId"]


def test_a_failed_activity_can_be_cancelled_and_a_failed_one_generated_again(tool, wholesale_house):
    first, second = tool.file(), tool.file()
    Activity.objects.update(status="failed", metadata={"failure": "Engine: it broke", "visit": 1})

    assert tool.post(path=f"{API}/{first['_id']}/cancel").body["data"]["status"] == "cancelled"
    assert tool.generate(second["_id"]).status_code == 200
    assert tool.get(f"{API}/{second['_id']}").body["data"]["metadata"] == {"visit": 1}


def test_why_the_last_generation_failed_is_not_said_of_an_activity_that_waits_for_another(tool, wholesale_house):
    changed, queued = tool.file(), tool.file()
    Activity.objects.update(status="failed", metadata={"failure": "Engine: it broke", "visit": 1})

    answers = [
        tool.patch(changed["_id"], {"activityType": "upsell"}),
        tool.post(path=f"{API}/{queued['_id']}/generate", prefer="respond-async"),
    ]

    assert [(each.body["data"]["status"], each.body["data"]["metadata"]) for each in answers] == [
        ("processing", {"visit": 1})
    ] * 2


def test_the_overall_confidence_is_the_mean_of_the_lines_and_zero_with_none(tool, wholesale_house):
    some = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    none = tool.generated(aiModel={"parameters": AS_OF_LAST_DAY["parameters"] | {"minConfidence": 1}}, client="nobody")

    confidences = [line["confidence"] for line in some["recommendations"]]
    assert some["aiModel"]["confidence"] == pytest.approx(sum(confidences) / len(confidences), abs=1e-4)
    assert (none["recommendations"], none["aiModel"]["confidence"], none["generatedOrder"]) == ([], 0, {})
    assert "below the confidence asked for" in none["insights"]["riskFactors"][-1]


def test_the_order_given_with_a_request_wins_over_the_stored_one_of_its_id(tool, wholesale_house):
    replaced = [{"orderId": f"cafe-03-{week:02}", "date": "2025-01-07T09:00:00Z", "items": []} for week in range(43)]

    activity = tool.generated(client="cafe-03", inputData={"historicalOrders": replaced}, aiModel=AS_OF_LAST_DAY)

    assert "No order of this client is known" in activity["insights"]["riskFactors"][0]


def test_of_orders_given_with_the_same_id_the_last_counts(tool, wholesale_house):
    gin, tonic = (
        {"orderId": "A-1", "date": "2025-10-01T09:00:00Z", "items": [{"product": product, "quantity": 2}]}
        for product in ("gin", "tonic")
    )

    activity = tool.generated(client="new-bar", inputData={"historicalOrders": [gin, tonic]}, aiModel=AS_OF_LAST_DAY)

    bought = [line["product"] for line in activity["recommendations"] if line["category"] != "new-product"]
    assert bought == ["tonic"]
    assert activity["insights"]["buyingPatterns"][0].startswith("1 order since 2025-10-01;")


def test_an_order_without_a_date_counts_as_placed_now(tool, wholesale_house):
    orders = [{"items": [{"product": "gin", "quantity": 2}]}]

    activity = tool.generated(client="new-bar", inputData={"historicalOrders": orders}, aiModel=AS_OF_LAST_DAY)

    [gin] = [line for line in activity["recommendations"] if line["product"] == "gin"]
    assert gin["reason"] == "Ordered in 1 of 1 order since the first time; last today."


@pytest.mark.parametrize("date", [LAST_DAY.isoformat(), "0001-01-01T00:00:00", "1970-01-01T00:00:00-12:00"])
def test_orders_from_the_moment_asked_for_on_do_not_exist_nor_do_those_of_no_real_date(tool, wholesale_house, date):
    orders = [{"date": date, "items": [{"product": "gin", "quantity": 2}]}]

    activity = tool.generated(client="new-bar", inputData={"historicalOrders": orders}, aiModel=AS_OF_LAST_DAY)

    assert "No order of this client is known" in activity["insights"]["riskFactors"][0]


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00", "1900-01-01T00:00:00", "1970-01-01T00:00:00-12:00"])
def test_an_order_that_is_pushed_with_no_real_date_is_kept_and_no_history(tool, wholesale_house, date):
    order = {"order": "undated", "client": "new-bar", "date": date, "items": [{"product": "gin", "quantity": 2}]}

    assert tool.post({"items": [order]}, "/orders").body["created"] == 1

    activity = tool.generated(client="new-bar", aiModel=AS_OF_LAST_DAY)
    assert "No order of this client is known" in activity["insights"]["riskFactors"][0]
    assert Order.objects.filter(external_id="undated").exists()


def test_an_order_of_no_real_date_takes_the_place_of_no_other_with_its_id(tool, wholesale_house):
    undated = [
        {"orderId": f"cafe-03-{week:02}", "date": "0001-01-01T00:00:00", "items": [{"product": "gin", "quantity": 2}]}
        for week in range(43)
    ]
    tonic = {"orderId": "A-1", "date": "2025-10-01T09:00:00Z", "items": [{"product": "tonic", "quantity": 2}]}

    stored, given = (
        tool.generated(client=client, inputData={"historicalOrders": orders}, aiModel=AS_OF_LAST_DAY)
        for client, orders in (("cafe-03", undated), ("new-bar", [tonic, tonic | {"date": "0001-01-01T00:00:00"}]))
    )

    assert stored["recommendations"] == tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)["recommendations"]
    assert given["insights"]["buyingPatterns"][0].startswith("1 order since 2025-10-01;")


def test_a_time_without_an_offset_is_utc(tool):
    activity = tool.file()
    moment = activity["createdAt"].removesuffix("Z")

    assert tool.get(f"{API}?createdAfter={moment}").body["total"] == 1
    assert tool.get(f"{API}?createdBefore={moment}").body["total"] == 0


def test_the_budget_is_kept_quantities_before_lines(tool, wholesale_house):
    free = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    half = free["generatedOrder"]["totalAmount"] / 2

    tight = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY, inputData={"clientPreferences": {"budget": half}})

    assert 0 < tight["generatedOrder"]["totalAmount"] <= half
    assert len(tight["recommendations"]) == len(free["recommendations"])


def test_whoever_reads_with_the_right_etag_is_spared_the_body_until_it_changes(tool):
    activity = tool.file()
    etag = tool.get(f"{API}/{activity['_id']}").headers["ETag"]

    unchanged = tool.get(f"{API}/{activity['_id']}", if_none_match=etag)
    tool.patch(activity["_id"], {"metadata": {"new": True}})
    changed = tool.get(f"{API}/{activity['_id']}", if_none_match=etag)

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert (changed.status_code, changed.body["data"]["metadata"]) == (200, {"new": True})


def test_whoever_changes_an_activity_if_it_is_there_at_all_needs_no_etag_of_it(tool):
    assert tool.patch(tool.file()["_id"], {}, if_match="*").status_code == 200


def test_a_real_change_moves_updated_at_and_leaves_created_at(tool):
    activity = tool.file()
    time.sleep(0.002)

    changed = tool.patch(activity["_id"], {"rep": "other"}).body["data"]

    assert changed["createdAt"] == activity["createdAt"]
    assert changed["updatedAt"] > activity["updatedAt"]


def test_the_body_limit_is_one_mebibyte_exactly(tool):
    wanted = b'{"client":"c","rep":"r","activityType":"upsell","metadata":{"x":"%s"}}'
    room = 1024 * 1024 - len(wanted) + 2

    assert tool.post(wanted % (b"x" * room)).status_code == 201
    assert tool.post(wanted % (b"x" * (room + 1))).status_code == 413
