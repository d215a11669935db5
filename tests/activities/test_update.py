import pytest

from recommender.registry import promote
from recommender.training import train_version
from tests.service import API
from tests.wholesale import LAST_DAY


def test_a_section_given_replaces_one_left_out_stays_and_null_empties(tool):
    activity = tool.file(metadata={"a": 1}, feedback={"comments": "good"}, inputData={"marketData": {"x": 1}})
    plain = {name: activity[name] for name in ("client", "rep", "activityType")}

    changed = tool.put(activity["_id"], plain | {"metadata": {"b": 2}, "inputData": None}).body["data"]

    assert changed["metadata"] == {"b": 2}
    assert changed["feedback"] == {"comments": "good"}
    assert changed["inputData"] == {}


def test_put_wants_the_required_fields_and_patch_does_not(tool):
    activity = tool.file()

    assert tool.put(activity["_id"], {"rep": "x"}).body["details"].keys() == {"client", "activityType"}
    assert tool.patch(activity["_id"], {"rep": "x"}).body["data"]["rep"] == "x"


def test_a_document_that_is_sent_back_changes_nothing_but_its_time(tool, wholesale_house):
    activity = tool.generated(aiModel={"parameters": {"limit": 3}})

    answer = tool.put(activity["_id"], activity).body["data"]

    assert answer | {"updatedAt": ""} == activity | {"updatedAt": ""}
    assert answer["updatedAt"] > activity["updatedAt"]


def test_a_document_of_yesterday_asks_for_no_model_of_yesterday(tool, wholesale_house):
    yesterday = tool.generated()
    promote(train_version(LAST_DAY))
    tool.generate(yesterday["_id"])
    today = tool.get(f"{API}/{yesterday['_id']}").body["data"]
    feedback = {"acceptedRecommendations": [today["recommendations"][0]["product"]]}

    answer = tool.put(yesterday["_id"], yesterday | {"feedback": feedback}).body["data"]

    assert today["aiModel"]["version"] != yesterday["aiModel"]["version"]
    assert (answer["recommendations"], answer["aiModel"]) == (today["recommendations"], today["aiModel"])
    assert answer["generatedOrder"]["orderId"]


def test_new_inputs_in_a_document_that_was_read_may_come_twice(tool, wholesale_house):
    read = tool.generated()
    fewer = read | {"inputData": {"clientPreferences": {"maxItems": 3}}}

    first, again = (tool.put(read["_id"], fewer).body["data"] for _ in range(2))
    tool.generate(read["_id"])
    shown = tool.get(f"{API}/{read['_id']}").body["data"]
    noted = tool.put(read["_id"], fewer | {"metadata": {"seen": 1}}).body["data"]

    assert (first["aiModel"], again["aiModel"]) == ({}, {})
    assert (len(noted["recommendations"]), noted["aiModel"]) == (3, shown["aiModel"])


@pytest.mark.parametrize(
    ("changed", "asked"),
    [
        ({"version": "2.999.0"}, {"version": "2.999.0"}),
        ({"parameters": {"limit": 4}}, {"parameters": {"limit": 4}}),
        ({"parameters": {"limit": 10, "diversity": 0.5}}, {"parameters": {"diversity": 0.5}}),
    ],
)
def test_what_is_changed_in_a_model_that_was_read_is_asked_for(tool, wholesale_house, changed, asked):
    read = tool.generated()

    answer = tool.put(read["_id"], read | {"aiModel": read["aiModel"] | changed}).body["data"]

    assert answer["status"] == "processing"
    assert answer["aiModel"] | {"name": ""} == {"name": ""} | asked


@pytest.mark.parametrize(
    "change",
    [
        {"client": "bar-01"},
        {"activityType": "upsell"},
        {"inputData": {"inventoryLevels": {"milk": 3}}},
        {"aiModel": {"parameters": {"limit": 4}}},
    ],
)
def test_new_inputs_make_old_results_untrue(tool, wholesale_house, change):
    activity = tool.generated(aiModel={"parameters": {"limit": 3}}, feedback={"acceptedRecommendations": ["milk"]})

    changed = tool.patch(activity["_id"], change).body["data"]

    assert changed["status"] == "processing"
    assert (changed["recommendations"], changed["insights"], changed["accuracy"]) == ([], {}, {})
    assert (changed["generatedOrder"], changed["processingTime"]) == ({}, None)
    assert changed["aiModel"] == change.get("aiModel", {"parameters": {"limit": 3}})
    assert changed["feedback"] == {"acceptedRecommendations": ["milk"]}


@pytest.mark.parametrize("change", [{"rep": "rep-9"}, {"metadata": {"a": 1}}, {"feedback": {"comments": "fine"}}])
def test_what_the_results_were_not_made_from_leaves_them(tool, wholesale_house, change):
    activity = tool.generated(aiModel={"parameters": {"limit": 3}})

    changed = tool.patch(activity["_id"], change).body["data"]

    assert changed | {"updatedAt": ""} == activity | change | {"updatedAt": ""}


@pytest.mark.parametrize("section", ["inputData", "aiModel", "feedback", "metadata"])
def test_null_empties_any_section(tool, section):
    contents = {
        "inputData": {"marketData": {"x": 1}}, "aiModel": {"name": "m"}, "feedback": {"userRating": 3},
        "metadata": {"a": 1},
    }  # fmt: skip
    activity = tool.file(**contents)

    changed = tool.patch(activity["_id"], {section: None}).body["data"]

    assert {name: changed[name] for name in contents} == contents | {section: {}}


def test_what_is_sent_empty_is_shown_so(tool):
    activity = tool.file()
    empty = {"aiModel": {"parameters": {}}, "inputData": {"historicalOrders": [], "marketData": {}}}

    changed = tool.patch(activity["_id"], empty).body["data"]

    assert {name: changed[name] for name in empty} == empty


def test_what_is_rejected_is_not_in_the_draft_either(tool, wholesale_house):
    activity = tool.generated()
    suggested = [line["product"] for line in activity["recommendations"]]

    def drafted(rejected):
        feedback = {"rejectedRecommendations": rejected}
        order = tool.patch(activity["_id"], {"feedback": feedback}).body["data"]["generatedOrder"]
        return [line["product"] for line in order.get("items", [])]

    assert drafted([]) == suggested
    assert drafted(suggested[:1]) == suggested[1:]
    assert drafted(suggested) == []


def test_the_accepted_products_make_the_order(tool, wholesale_house):
    activity = tool.generated()
    first, second = (line["product"] for line in activity["recommendations"][:2])
    feedback = {"acceptedRecommendations": [first, second, "elsewhere"], "rejectedRecommendations": [second]}

    order = tool.patch(activity["_id"], {"feedback": feedback}).body["data"]["generatedOrder"]

    line = activity["recommendations"][0]
    assert order["items"] == [{"product": first, "quantity": line["quantity"], "price": line["price"]}]
    assert order["totalAmount"] == round(line["quantity"] * line["price"], 2)
    assert order["orderId"]
    assert "orderId" not in activity["generatedOrder"]
    assert tool.get(f"{API}/{activity['_id']}").body["data"]["feedback"] == feedback
    withdrawn = tool.patch(activity["_id"], {"feedback": {}}).body["data"]["generatedOrder"]
    assert withdrawn == activity["generatedOrder"]


def test_a_stale_etag_changes_nothing(tool):
    activity = tool.file()
    etag = tool.get(f"{API}/{activity['_id']}").headers["ETag"]
    tool.patch(activity["_id"], {"metadata": {"seen": 1}}, if_match=etag)

    late = tool.patch(activity["_id"], {"metadata": {}}, if_match=etag)

    assert (late.status_code, late.body["code"]) == (412, "stale_etag")
    assert tool.put(activity["_id"], activity, if_match=etag).status_code == 412
    assert tool.delete(activity["_id"], if_match=etag).status_code == 412
    assert tool.get(f"{API}/{activity['_id']}").body["data"]["metadata"] == {"seen": 1}


def test_cancel_is_final_and_a_completed_activity_cannot_be_cancelled(tool, wholesale_house):
    waiting, done = tool.file(), tool.generated()

    cancelled = tool.post(path=f"{API}/{waiting['_id']}/cancel")
    assert cancelled.body["data"]["status"] == "cancelled"
    assert tool.post(path=f"{API}/{waiting['_id']}/cancel").body == cancelled.body
    assert tool.generate(waiting["_id"]).status_code == 409
    assert tool.patch(waiting["_id"], {"client": "bar-01"}).body["data"]["status"] == "cancelled"
    assert tool.post(path=f"{API}/{done['_id']}/cancel").body["code"] == "conflict"
