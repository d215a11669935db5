import pytest

from recommender import registry
from recommender.models import ModelVersion, Order, Product
from tests.activities.suggested import products
from tests.service import API
from tests.wholesale import AS_OF_LAST_DAY, STAPLES

pytestmark = pytest.mark.usefixtures("wholesale_house")


def test_the_staples_of_a_client_are_suggested_first_with_reasons_from_its_orders(tool):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)

    assert activity["status"] == "completed"
    assert set(products(activity)[:3]) == set(STAPLES["cafe"])
    line = activity["recommendations"][0]
    ordered = Order.objects.filter(client__external_id="cafe-03", lines__product__external_id=line["product"]).count()
    assert f"Ordered in {ordered} of " in line["reason"]
    assert line["category"] == "frequent-buy"
    assert 0.5 < line["confidence"] <= 1
    assert activity["generatedOrder"]["totalAmount"] == pytest.approx(
        sum(item["quantity"] * item["price"] for item in activity["generatedOrder"]["items"]), abs=0.005
    )


def test_cross_sell_names_what_the_product_goes_with_and_never_what_was_bought(tool):
    activity = tool.generated(client="cafe-03", activityType="cross-sell", aiModel=AS_OF_LAST_DAY)
    bought = set(
        Product.objects.filter(order_lines__order__client__external_id="cafe-03").values_list("external_id", flat=True)
    )

    assert activity["recommendations"]
    assert bought.isdisjoint(products(activity))
    assert {line["goesWith"] for line in activity["recommendations"]} <= bought


def test_upsell_is_dearer_than_what_it_replaces_and_says_by_how_much(tool):
    activity = tool.generated(client="cafe-03", activityType="upsell", aiModel=AS_OF_LAST_DAY)

    [gold] = [line for line in activity["recommendations"] if line["product"] != line["replaces"]]
    assert (gold["product"], gold["replaces"]) == ("coffee-gold", "coffee")
    assert gold["uplift"] > 0


def test_upsell_is_also_more_at_once_of_what_others_take_more_of(tool):
    usual = tool.generated(client="cafe-03", activityType="recommendation", aiModel=AS_OF_LAST_DAY)["recommendations"]
    units = {line["product"]: line["quantity"] for line in usual}

    activity = tool.generated(client="cafe-03", activityType="upsell", aiModel=AS_OF_LAST_DAY)

    more = [line for line in activity["recommendations"] if line["product"] == line["replaces"]]
    assert more
    for line in more:
        assert units[line["product"]] < line["quantity"] <= 2 * units[line["product"]]
        added = (line["quantity"] - units[line["product"]]) * line["price"]
        assert line["uplift"] == pytest.approx(added, abs=0.01)
        assert " ordered it 3 times or more usually take " in line["reason"]


def test_a_larger_volume_is_promised_no_more_often_than_clients_go_up_to_one(tool):
    rate = registry.load(ModelVersion.objects.active().get()).volumes.rate

    lines = tool.generated(client="cafe-03", activityType="upsell", aiModel=AS_OF_LAST_DAY)["recommendations"]

    more = [line["confidence"] for line in lines if line["product"] == line["replaces"]]
    assert rate / 2 < max(more) <= rate


def test_an_upsell_has_the_most_probable_first_larger_volumes_and_others(tool):
    lines = tool.generated(client="bar-07", activityType="upsell", aiModel=AS_OF_LAST_DAY)["recommendations"]

    assert {line["product"] == line["replaces"] for line in lines} == {True, False}
    assert lines == sorted(lines, key=lambda line: -line["confidence"])


@pytest.mark.parametrize(
    ("less", "why"),
    [
        (lambda line: line["quantity"] - 1, "1 with less in stock than the larger volume"),
        (lambda line: 0, "1 out of stock"),
    ],
)
def test_a_larger_volume_is_had_whole_or_not_at_all_and_the_reason_is_told(tool, less, why):
    wanted = tool.generated(client="cafe-03", activityType="upsell", aiModel=AS_OF_LAST_DAY)["recommendations"]
    line = next(line for line in wanted if line["product"] == line["replaces"])
    stock = {"inventoryLevels": {line["product"]: less(line)}}

    activity = tool.generated(client="cafe-03", activityType="upsell", aiModel=AS_OF_LAST_DAY, inputData=stock)

    assert line["product"] not in products(activity)
    assert why in activity["insights"]["riskFactors"][-1]


def test_the_same_moment_gives_the_same_answer(tool):
    first, second = (tool.generated(client="bar-05", aiModel=AS_OF_LAST_DAY) for _ in range(2))

    assert first["recommendations"] == second["recommendations"]
    assert first["insights"] == second["insights"]


def test_orders_in_the_request_are_the_history_of_an_unknown_client(tool):
    orders = [
        {"orderId": f"x{day}", "date": f"2025-10-{day:02}T08:00:00Z", "items": [{"product": "beer", "quantity": 24}]}
        for day in (1, 8, 15, 22)
    ]

    activity = tool.generated(client="unheard-of", inputData={"historicalOrders": orders}, aiModel=AS_OF_LAST_DAY)

    [beer] = [line for line in activity["recommendations"] if line["product"] == "beer"]
    assert beer["quantity"] == 24
    assert beer["reason"].startswith("Ordered in 4 of 4 orders since the first time, lately every 7 days;")


def test_a_model_that_is_not_there_is_answered_by_the_active_one(tool):
    activity = tool.generated(aiModel={"name": "oracle", "version": "9.9.9"})

    assert activity["aiModel"]["version"] == "2.1.0"
    assert activity["aiModel"]["requested"] == {"name": "oracle", "version": "9.9.9"}


def test_an_order_that_was_just_pushed_counts_at_once(tool):
    order = {
        "order": "new",
        "client": "fresh",
        "date": "2025-10-31T08:00:00Z",
        "items": [{"product": "gin", "quantity": 3}],
    }
    assert tool.post({"items": [order]}, "/orders").body == {
        "success": True,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
    }

    activity = tool.generated(client="fresh", aiModel=AS_OF_LAST_DAY)

    [gin] = [line for line in activity["recommendations"] if line["product"] == "gin"]
    assert gin["reason"].startswith("Ordered in 1 of 1 order since the first time; last 2 days ago.")


def test_without_a_model_generating_is_a_503_that_changes_nothing(tool):
    ModelVersion.objects.update(status=ModelVersion.Status.RETIRED)
    activity = tool.file()

    answer = tool.generate(activity["_id"])

    assert (answer.status_code, answer.body["code"]) == (503, "no_model")
    assert int(answer.headers["Retry-After"]) > 0
    assert tool.get(f"{API}/{activity['_id']}").body["data"] == activity


def test_a_damaged_model_is_a_503_that_changes_nothing(tool):
    activity = tool.generated(aiModel=AS_OF_LAST_DAY)
    ModelVersion.objects.update(sha256="0" * 64)

    answer = tool.generate(activity["_id"])

    assert (answer.status_code, answer.body["code"]) == (503, "model_damaged")
    assert int(answer.headers["Retry-After"]) > 0
    assert tool.get(f"{API}/{activity['_id']}").body["data"] == activity


def test_suggestions_are_made_while_developing_too(tool, settings):
    settings.DEBUG = True

    assert tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)["recommendations"]
