"""Inputs that meet in one activity hold together."""

import re
from datetime import timedelta

import pytest

from recommender.models import Product
from tests.wholesale import LAST_DAY, facts

pytestmark = pytest.mark.usefixtures("wholesale_house")
AS_OF = LAST_DAY.isoformat()


@pytest.fixture
def generated(tool):
    def activity(parameters=None, purpose="recommendation", client="cafe-03", **inputs):
        model = {"parameters": {"asOf": AS_OF} | (parameters or {})}
        return tool.generated(client=client, activityType=purpose, inputData=inputs, aiModel=model)

    return activity


@pytest.fixture
def suggested(generated):
    """The lines by product, in order."""

    def lines(parameters=None, **wishes):
        return {line["product"]: line for line in generated(parameters, **wishes)["recommendations"]}

    return lines


def total(lines) -> float:
    return sum(line["quantity"] * line["price"] for line in lines.values())


def test_a_minimum_order_is_met_in_whole_packs(suggested):
    facts("milk", min_order_quantity=19)

    assert suggested()["milk"]["quantity"] == 24


def test_what_is_in_stock_is_sold_in_whole_packs(suggested):
    facts("milk", min_order_quantity=7)

    assert suggested(inventoryLevels={"milk": 17})["milk"]["quantity"] == 12


def test_stock_below_a_pack_or_the_minimum_order_is_told_from_none(generated):
    facts("sugar", min_order_quantity=30)

    activity = generated({"limit": 100}, inventoryLevels={"sugar": 29, "milk": 5, "coffee": 0})

    assert not {"sugar", "milk", "coffee"} & {line["product"] for line in activity["recommendations"]}
    said = activity["insights"]["riskFactors"][-1]
    assert "2 with less in stock than a pack or the minimum order" in said
    assert "1 out of stock" in said


def test_stock_of_just_the_units_wanted_does(suggested):
    facts("sugar", min_order_quantity=30)

    sugar = suggested(inventoryLevels={"sugar": 30})["sugar"]

    assert sugar["quantity"] == 30
    assert "in stock" not in sugar["reason"]


def test_of_stock_that_is_short_just_the_minimum_order_is_sold_still(suggested):
    facts("sugar", min_order_quantity=30)

    sugar = suggested(inventoryLevels={"sugar": 30}, marketData={"demandFactors": {"sugar": 10}})["sugar"]

    assert sugar["quantity"] == 30
    assert sugar["reason"].endswith("Only 30 in stock.")


def test_budget_stock_packs_and_minimum_order_hold_together(suggested):
    facts("coffee", min_order_quantity=5)
    stock = {"milk": 8}
    free = suggested({"limit": 3}, inventoryLevels=stock)

    tight = suggested({"limit": 3}, inventoryLevels=stock, clientPreferences={"budget": 100})

    assert total(free) > 100 >= total(tight)
    assert {product: tight[product]["quantity"] for product in tight} == {"milk": 6, "sugar": 6, "coffee": 7}
    assert tight["milk"]["reason"].endswith("Only 8 in stock.")
    assert tight["coffee"]["reason"].endswith(f"Cut from {free['coffee']['quantity']} to 7 by the budget.")


def test_what_the_budget_does_not_allow_makes_room_for_what_it_does(suggested):
    lines = suggested({"limit": 2}, clientPreferences={"budget": 5})

    assert "coffee" not in lines
    assert len(lines) == 2
    assert total(lines) <= 5


@pytest.mark.parametrize(("budget", "units"), [(12.49, []), (12.5, [1]), (24.99, [1]), (25, [2])])
def test_a_budget_pays_for_what_costs_just_as_much(suggested, budget, units):
    coffee = {"onlyCategories": ["hot drinks"], "excludeProducts": ["tea", "coffee-gold"]}

    lines = suggested(clientPreferences=coffee | {"budget": budget})

    assert [line["quantity"] for line in lines.values()] == units


def test_a_total_that_is_rounded_up_to_the_cent_stays_within_the_budget_too(generated):
    priced = {"marketData": {"prices": {"coffee": 12.345}}}
    wishes = {"onlyCategories": ["hot drinks"], "excludeProducts": ["tea"], "includeNewProducts": False}

    short, enough = (generated(clientPreferences=wishes | {"budget": budget}, **priced) for budget in (12.345, 12.35))

    assert short["generatedOrder"] == {}
    assert enough["generatedOrder"]["totalAmount"] == 12.35


def test_a_product_without_a_name_is_called_by_its_id(suggested):
    facts("milk", name="")

    assert suggested()["milk"]["productName"] == "milk"


def test_a_budget_does_not_cut_what_costs_nothing(suggested):
    free, within = (
        suggested(marketData={"prices": {"milk": 0}}, clientPreferences=wishes) for wishes in ({}, {"budget": 20})
    )

    assert within["milk"]["quantity"] == free["milk"]["quantity"]
    assert "Cut from" in within["coffee"]["reason"]


def test_a_budget_of_nothing_suggests_nothing_and_says_why(generated):
    activity = generated(clientPreferences={"budget": 0})

    assert (activity["recommendations"], activity["generatedOrder"]) == ([], {})
    assert "over the budget" in activity["insights"]["riskFactors"][-1]


def test_a_promotion_buys_more_within_the_same_budget(suggested):
    wishes = {"onlyCategories": ["hot drinks"], "includeNewProducts": False, "budget": 60}
    usual = suggested(clientPreferences=wishes)["coffee"]

    promoted = suggested(clientPreferences=wishes, marketData={"promotions": {"coffee": 0.5}})["coffee"]

    assert (usual["quantity"], promoted["quantity"]) == (4, 9)
    assert promoted["price"] == usual["price"] / 2


def test_a_promotion_of_what_would_be_replaced_makes_the_uplift_greater(generated):
    usual, promoted = (
        next(line for line in lines if line["product"] == "coffee-gold")
        for lines in (
            generated(purpose="upsell", marketData={"promotions": promotions})["recommendations"]
            for promotions in ({}, {"coffee": 0.2})
        )
    )

    assert (usual["replaces"], promoted["replaces"]) == ("coffee", "coffee")
    assert promoted["uplift"] == pytest.approx(usual["uplift"] + 0.2 * 12.5 * usual["quantity"])
    assert " at 10; " in promoted["reason"]


def test_what_is_no_dearer_than_what_it_would_replace_is_no_upgrade(generated):
    lines = generated(purpose="upsell", marketData={"promotions": {"coffee-gold": 0.5}})["recommendations"]

    assert [line for line in lines if line["product"] == "coffee-gold"] == []


@pytest.mark.parametrize(
    ("prices", "is_upgraded"),
    [
        ({}, True),  # 19 instead of 12.5
        ({"coffee-gold": 26}, False),
        ({"coffee": 9}, False),
        ({"coffee-gold": 26, "coffee": 13.5}, True),
        ({"coffee-gold": 12}, False),
    ],
)
def test_how_much_dearer_an_upgrade_is_goes_by_the_prices_of_the_market(generated, prices, is_upgraded):
    facts("coffee-gold", name="Arabica")

    lines = generated(purpose="upsell", marketData={"prices": prices})["recommendations"]

    assert ("coffee-gold" in {line["product"] for line in lines}) == is_upgraded


def test_what_has_a_price_on_the_market_alone_can_be_an_upgrade(generated):
    facts("coffee-gold", list_price=None)

    lines = generated(purpose="upsell", marketData={"prices": {"coffee-gold": 20}})["recommendations"]

    assert [line["replaces"] for line in lines if line["product"] == "coffee-gold"] == ["coffee"]


def test_the_price_of_the_market_counts_against_the_budget(suggested):
    lines = suggested(clientPreferences={"budget": 20}, marketData={"prices": {"milk": 100}})

    assert "milk" not in lines


@pytest.mark.parametrize("by", ["discontinued", "inactive"])
def test_a_product_no_longer_sold_gives_its_place_to_its_successor(suggested, by):
    successor = Product.objects.create(external_id="oat-milk", name="Oat drink", list_price=2, pack_size=10)
    facts("milk", replaced_by=successor, active=by == "discontinued")

    lines = suggested(marketData={"discontinued": ["milk"] if by == "discontinued" else []})

    assert "milk" not in lines
    assert (lines["oat-milk"]["price"], lines["oat-milk"]["quantity"] % 10) == (2, 0)
    assert lines["oat-milk"]["reason"].startswith("Takes the place of Milk, no longer sold. Ordered in ")
    assert lines["oat-milk"]["category"] == "frequent-buy"


@pytest.mark.parametrize(("list_price", "price"), [(0, 12.5), (None, 12.5), (14, 14)])
def test_where_the_list_has_no_price_or_nothing_a_new_product_costs_what_clients_pay(suggested, list_price, price):
    facts("coffee", list_price=list_price)

    assert suggested(client="newcomer")["coffee"]["price"] == price


@pytest.mark.parametrize(("list_price", "price"), [(0, 1.1), (None, 1.1), (2, 2)])
def test_a_successor_costs_what_its_list_says_or_what_the_client_paid_for_the_former(suggested, list_price, price):
    facts("milk", active=False, replaced_by=Product.objects.create(external_id="oat-milk", list_price=list_price))

    assert suggested()["oat-milk"]["price"] == price


@pytest.mark.parametrize("purpose", ["recommendation", "demand-forecasting"])
def test_of_two_products_with_one_successor_it_takes_the_place_of_the_more_probable(generated, purpose):
    usual = {line["product"]: line for line in generated(purpose=purpose)["recommendations"]}
    probable, other = sorted(["coffee", "sugar"], key=lambda product: -usual[product]["confidence"])
    facts(probable, replaced_by=Product.objects.create(external_id="both-in-one"))
    facts(other, replaced_by=Product.objects.get(external_id="both-in-one"))

    lines = generated(purpose=purpose, marketData={"discontinued": [probable, other]})["recommendations"]

    [line] = [line for line in lines if line["product"] in (probable, other, "both-in-one")]
    assert (line["product"], line["confidence"]) == ("both-in-one", usual[probable]["confidence"])
    assert line["reason"].startswith(f"Takes the place of {usual[probable]['productName']}, no longer sold.")


def test_a_successor_that_others_buy_already_stands_on_the_list_once(generated):
    before = [line["product"] for line in generated({"limit": 100})["recommendations"]]
    facts("milk", active=False, replaced_by=Product.objects.get(external_id="coffee-gold"))

    lines = generated({"limit": 100})["recommendations"]

    assert "coffee-gold" in before
    [reason] = [line["reason"] for line in lines if line["product"] == "coffee-gold"]
    assert reason.startswith("Takes the place of Milk, no longer sold.")


def test_a_successor_that_is_not_sold_either_gives_the_place_on(suggested):
    barista = Product.objects.create(external_id="barista-oat", name="Barista oat")
    oat = Product.objects.create(external_id="oat-milk", name="Oat drink", active=False, replaced_by=barista)
    facts("milk", replaced_by=oat, active=False)

    lines = suggested()

    assert not {"milk", "oat-milk"} & lines.keys()
    assert lines["barista-oat"]["reason"].startswith("Takes the place of Milk, no longer sold. Ordered in ")


def test_a_successor_that_is_discontinued_gives_the_place_on_too(suggested):
    barista = Product.objects.create(external_id="barista-oat", name="Barista oat")
    facts("milk", replaced_by=Product.objects.create(external_id="oat-milk", replaced_by=barista))

    lines = suggested(marketData={"discontinued": ["milk", "oat-milk"]})

    assert not {"milk", "oat-milk"} & lines.keys()
    assert "barista-oat" in lines
    assert "oat-milk" in suggested(marketData={"discontinued": ["milk"]})


def test_successors_that_lead_in_a_circle_end_nowhere(suggested):
    oat = Product.objects.create(external_id="oat-milk", active=False)
    facts("milk", replaced_by=oat, active=False)
    facts("oat-milk", replaced_by=Product.objects.get(external_id="milk"))

    assert not {"milk", "oat-milk"} & suggested().keys()


def test_a_successor_is_held_to_the_same_wishes_and_is_forecast_by_what_it_replaces(generated):
    facts("beer", replaced_by=Product.objects.create(external_id="beer-2"))
    usual, successor = (
        generated(purpose="demand-forecasting", client="bar-02", marketData={"discontinued": gone})
        for gone in ([], ["beer"])
    )
    excluded = generated(
        client="bar-02", marketData={"discontinued": ["beer"]}, clientPreferences={"excludeProducts": ["beer-2"]}
    )

    series = [
        {entry["product"]: entry["history"] for entry in activity["insights"]["seasonality"]["products"]}
        for activity in (usual, successor)
    ]
    assert series[1]["beer-2"] == series[0]["beer"]
    assert not {"beer", "beer-2"} & {line["product"] for line in excluded["recommendations"]}


@pytest.mark.parametrize("purpose", ["recommendation", "demand-forecasting"])
def test_a_successor_that_the_client_has_sent_back_does_not_come_again(generated, purpose):
    facts("milk", active=False, replaced_by=Product.objects.create(external_id="oat-milk"))
    tried = [
        {"date": (LAST_DAY - timedelta(days=days)).isoformat(), "items": [{"product": "oat-milk", "quantity": units}]}
        for days, units in ((20, 6), (10, -6))
    ]

    before, after = (generated({"limit": 100}, purpose, historicalOrders=history) for history in ([], tried))

    assert [
        "oat-milk" in [line["product"] for line in activity["recommendations"]] for activity in (before, after)
    ] == [True, False]
    assert "1 ordered before and sent back" in after["insights"]["riskFactors"][-1]


def test_a_successor_that_the_client_buys_already_takes_nobodys_place(suggested):
    facts("milk", replaced_by=Product.objects.get(external_id="sugar"))

    usual, lines = suggested(), suggested(marketData={"discontinued": ["milk"]})

    assert "milk" not in lines
    assert lines["sugar"] == usual["sugar"] | {"priority": lines["sugar"]["priority"]}


def test_a_products_own_demand_factor_counts_before_its_categorys(suggested):
    usual = suggested()
    lines = suggested(marketData={"demandFactors": {"hot drinks": 5, "coffee": 1, "groceries": 2}})

    assert lines["coffee"]["quantity"] == usual["coffee"]["quantity"]
    assert lines["sugar"]["quantity"] == pytest.approx(2 * usual["sugar"]["quantity"], abs=1)


def test_what_nobody_will_want_is_not_suggested(suggested):
    assert "sugar" not in suggested(marketData={"demandFactors": {"sugar": 0}})


def test_a_category_both_asked_for_and_excluded_stays_out(generated):
    wishes = {"onlyCategories": ["hot drinks", "groceries"], "excludeCategories": ["groceries"]}

    products = [line["product"] for line in generated({"limit": 100}, clientPreferences=wishes)["recommendations"]]

    assert products[0] == "coffee"
    assert set(products) <= {"coffee", "coffee-gold", "tea"}


def test_a_short_list_counts_what_is_not_on_it_by_cause(generated):
    facts("sugar", active=False)

    activity = generated(
        {"limit": 100, "minConfidence": 0.2},
        clientPreferences={"excludeProducts": ["coffee"], "includeNewProducts": False},
        inventoryLevels={"milk": 0},
    )

    said = activity["insights"]["riskFactors"][-1]
    assert said.startswith(f"{len(activity['recommendations'])} suggestion")
    assert all(cause in said for cause in ("1 excluded", "1 no longer sold", "1 out of stock", " new to the client"))


def test_a_list_that_is_as_long_as_was_asked_for_is_not_called_short(generated):
    activity = generated({"limit": 3})

    assert len(activity["recommendations"]) == 3
    assert [said for said in activity["insights"]["riskFactors"] if "asked for" in said] == []


@pytest.mark.parametrize(
    ("purpose", "cause"),
    [
        ("order-analysis", "not due yet"),
        ("demand-forecasting", "never bought"),
        ("cross-sell", "bought already"),
        ("upsell", "no upgrade of what the client buys"),
    ],
)
def test_a_short_list_of_any_type_says_what_does_not_belong_on_it(generated, purpose, cause):
    all_judged = generated({"limit": 100})["recommendations"]

    activity = generated({"limit": 100}, purpose=purpose)

    said = activity["insights"]["riskFactors"][-1]
    left_out = [int(count) for count in re.findall(r"(?<=[:,] )\d+", said)]
    assert cause in said
    assert len(activity["recommendations"]) + sum(left_out) == len(all_judged)


def test_diversity_brings_back_what_a_preferred_category_pushed_out(suggested):
    wishes = {"preferredCategories": ["groceries"]}

    plain, diverse = (list(suggested({"limit": 2, "diversity": d}, clientPreferences=wishes)) for d in (0, 0.5))

    assert set(plain) == {"milk", "sugar"}
    assert diverse == [plain[0], "coffee"]


def test_currency_is_carried_along(generated):
    activity = generated(clientPreferences={"currency": "CHF"})

    assert activity["inputData"]["clientPreferences"] == {"currency": "CHF"}


def test_as_of_sees_no_order_from_then_on(generated):
    activity = generated({"asOf": "2025-02-01"})

    assert activity["insights"]["buyingPatterns"][0].startswith("4 orders since 2025-01-09; the last on 2025-01-30")
    assert "has seen later ones" in activity["insights"]["riskFactors"][-1]
