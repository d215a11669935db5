"""What would make a rep shake the head does not come out."""

from datetime import timedelta
from functools import partial

import pytest

from recommender import registry
from recommender.engine import collaborative
from recommender.models import Product
from recommender.terms import available_units
from recommender.training import train_version
from tests.activities.brought_along import orders_before
from tests.activities.suggested import products
from tests.wholesale import LAST_DAY, facts

pytestmark = pytest.mark.usefixtures("wholesale_house")
NOW = LAST_DAY.date()
orders = partial(orders_before, NOW)
PARAMETERS = {"asOf": LAST_DAY.isoformat(), "limit": 100}


@pytest.fixture
def generated(tool):
    """An activity for a cafe that buys coffee, milk and sugar every week, unless another client is named."""

    def activity(purpose="recommendation", client="cafe-03", parameters=None, **inputs):
        model = {"parameters": PARAMETERS | (parameters or {})}
        return tool.generated(client=client, activityType=purpose, inputData=inputs, aiModel=model)

    return activity


def test_a_successor_that_was_rejected_does_not_come_again_at_once(tool, generated):
    facts("milk", active=False, replaced_by=Product.objects.create(external_id="oat-milk", list_price=2))
    first = generated()
    assert "oat-milk" in products(first)

    tool.patch(first["_id"], {"feedback": {"rejectedRecommendations": ["oat-milk"]}})

    assert "oat-milk" not in products(generated())
    tool.patch(first["_id"], {"feedback": {"acceptedRecommendations": ["oat-milk"]}})
    assert "oat-milk" in products(generated())


def test_who_does_not_want_more_at_once_still_wants_the_product(tool, generated):
    monthly = orders(range(5, 200, 14), ("sugar", 9, 0.9))
    upsell = generated("upsell", client="newcomer", historicalOrders=monthly)
    assert "sugar" in [line["product"] for line in upsell["recommendations"] if line["replaces"] == line["product"]]

    tool.patch(upsell["_id"], {"feedback": {"rejectedRecommendations": ["sugar"]}})

    assert "sugar" in products(generated(client="newcomer", historicalOrders=monthly))
    assert "sugar" in products(generated("demand-forecasting", client="newcomer", historicalOrders=monthly))
    assert "sugar" not in products(generated("upsell", client="newcomer", historicalOrders=monthly))


@pytest.mark.parametrize(("days_ago", "is_offered"), [([5, 19], False), ([5, 19, 33], True)])
def test_more_at_once_is_for_who_bought_it_three_times(generated, days_ago, is_offered):
    upsell = generated("upsell", client="newcomer", historicalOrders=orders(days_ago, ("sugar", 9, 0.9)))

    assert ("sugar" in products(upsell)) == is_offered
    assert ("1 no larger volume to suggest" in upsell["insights"]["riskFactors"][-1]) != is_offered


@pytest.mark.parametrize(("factor", "units", "said"), [(1, 9, "."), (2, 18, ", before the demand factor of 2.")])
def test_units_with_more_demand_are_not_held_against_what_others_take_without_it(generated, factor, units, said):
    monthly = orders(range(5, 200, 14), ("sugar", 9, 0.9))
    market = {"demandFactors": {"sugar": factor}}

    upsell = generated("upsell", client="newcomer", historicalOrders=monthly, marketData=market)

    [sugar] = [line for line in upsell["recommendations"] if line["product"] == line["replaces"]]
    assert sugar["reason"].startswith(f"Instead of {units} Sugar at 0.9; ")
    assert sugar["reason"].partition(" or more at once")[2] == said


def test_who_rejects_the_product_is_not_offered_more_of_it_either(tool, generated):
    monthly = orders(range(5, 200, 14), ("sugar", 9, 0.9))
    upsell = generated("upsell", client="newcomer", historicalOrders=monthly)
    usual = generated(client="newcomer", historicalOrders=monthly)

    tool.patch(usual["_id"], {"feedback": {"rejectedRecommendations": ["sugar"]}})
    tool.patch(upsell["_id"], {"feedback": {"acceptedRecommendations": ["sugar"]}})

    assert "sugar" not in products(generated("upsell", client="newcomer", historicalOrders=monthly))


def test_of_what_is_new_a_large_client_is_to_take_more_than_a_small_one(generated):
    def quantities(units):
        weekly = orders(range(5, 60, 7), ("coffee", units, 12.5), ("sugar", units, 0.9))
        lines = generated("cross-sell", client="newcomer", historicalOrders=weekly)["recommendations"]
        return {line["product"]: line["quantity"] for line in lines}

    small, usual, large = (quantities(units) for units in (3, 12, 48))

    assert all(small[product] < usual[product] < large[product] for product in usual)
    assert small.keys() == usual.keys() == large.keys() and usual


def test_what_was_all_sent_back_is_not_suggested_as_new(generated):
    kept = orders(range(5, 60, 7), ("coffee", 6, 12.5))
    tea, back = orders([20], ("tea", 5, 3)), orders([12], ("tea", -5, 3))

    before = generated(client="newcomer", historicalOrders=[*kept, *back])
    after = generated(client="newcomer", historicalOrders=[*kept, *tea, *back])
    some_kept = generated(client="newcomer", historicalOrders=[*kept, *tea, *orders([12], ("tea", -4, 3))])

    assert "tea" in products(before)
    assert "tea" not in products(after)
    assert "1 ordered before and sent back" in after["insights"]["riskFactors"][-1]
    [line] = [line for line in some_kept["recommendations"] if line["product"] == "tea"]
    assert line["reason"].startswith("Ordered in 1 of ")


def test_opportunities_name_nothing_that_may_not_be_sold(generated):
    stopped = orders(range(20, 60, 7), ("coffee", 6, 12.5), ("milk", 6, 1.1), ("sugar", 6, 0.9), ("tea", 6, 3))
    facts("coffee", active=False)

    [due, *new] = generated(
        client="newcomer",
        historicalOrders=stopped,
        marketData={"discontinued": ["milk"]},
        inventoryLevels={"sugar": 0},
        clientPreferences={"includeNewProducts": False},
    )["insights"]["opportunities"]

    assert due == "1 regular product due or overdue: Tea (last 20 days ago)."
    assert new == []


@pytest.mark.parametrize("purpose", ["cross-sell", "upsell"])
@pytest.mark.parametrize("how", ["inactive", "discontinued", "without demand"])
def test_nothing_is_sold_along_with_or_instead_of_what_cannot_be_had_any_more(generated, purpose, how):
    before = {line.get("goesWith") or line["replaces"] for line in generated(purpose)["recommendations"]}
    base = {"cross-sell": "milk", "upsell": "coffee"}[purpose]
    assert base in before
    if how == "inactive":
        facts(base, active=False)
    market = {"discontinued": [base]} if how == "discontinued" else {}
    market |= {"demandFactors": {base: 0}} if how == "without demand" else {}

    after = {
        line.get("goesWith") or line["replaces"] for line in generated(purpose, marketData=market)["recommendations"]
    }

    assert base not in after


def test_what_went_with_a_product_that_cannot_be_had_goes_with_another(generated):
    before, after = generated("cross-sell"), generated("cross-sell", marketData={"discontinued": ["milk"]})

    with_milk = {line["product"] for line in before["recommendations"] if line["goesWith"] == "milk"}
    others = {line["product"]: line for line in after["recommendations"] if line["product"] in with_milk}
    assert with_milk
    assert others.keys() == with_milk
    assert {line["goesWith"] for line in others.values()} <= {"coffee", "sugar"}
    assert all("goes with Coffee" in line["reason"] or "goes with Sugar" in line["reason"] for line in others.values())


def replaced_by_gold(activity):
    return [line["replaces"] for line in activity["recommendations"] if line["product"] == "coffee-gold"]


@pytest.mark.parametrize(
    ("days_ago", "replaced"),
    [
        ([30], ["coffee"]),
        ([185], ["coffee"]),  # the last order was five days ago
        ([186], []),
        ([250], []),
        ([250, 130, 10], ["coffee"]),
        ([1010, 645, 280], ["coffee"]),  # it buys that once a year
        ([400, 390, 380], []),
    ],
)
def test_what_a_client_has_not_bought_for_half_a_year_is_not_upgraded(generated, days_ago, replaced):
    history = [*orders(range(5, 100, 7), ("milk", 6, 1.1)), *orders(days_ago, ("coffee", 6, 12.5))]

    assert replaced_by_gold(generated("upsell", client="newcomer", historicalOrders=history)) == replaced


def test_what_a_client_bought_up_to_its_last_order_is_upgraded_however_long_ago_that_was(generated):
    history = [*orders(range(400, 500, 7), ("milk", 6, 1.1)), *orders([430], ("coffee", 6, 12.5))]

    assert replaced_by_gold(generated("upsell", client="newcomer", historicalOrders=history)) == ["coffee"]


@pytest.mark.parametrize(
    ("list_price", "paid", "replaced"),
    [
        (12, 8.75, []),  # cheaper at the 30% off that the client has on coffee
        (13, 8.75, ["coffee"]),
        (19, 8.75, ["coffee"]),  # more than twice what it pays, and no more than half as dear again
        (26, 8.75, []),
    ],
)
def test_a_client_that_pays_less_than_the_list_price_makes_nothing_dearer(generated, list_price, paid, replaced):
    facts("coffee-gold", name="Arabica", list_price=list_price)
    history = orders(range(5, 100, 7), ("coffee", 6, paid))

    assert replaced_by_gold(generated("upsell", client="newcomer", historicalOrders=history)) == replaced


@pytest.mark.parametrize(
    ("name", "coffees", "teas", "replaced"),
    [("Coffee Gold", 3, 9, "coffee"), ("Arabica", 3, 9, "tea"), ("Arabica", 9, 3, "coffee")],
)
def test_an_upgrade_is_of_what_has_a_like_name_else_of_what_is_bought_most_often(
    generated, name, coffees, teas, replaced
):
    facts("coffee-gold", name=name)
    facts("tea", list_price=12.5)
    history = [
        *orders(range(5, 7 * coffees, 7), ("coffee", 6, 12.5)),
        *orders(range(6, 7 * teas, 7), ("tea", 6, 12.5)),
    ]

    assert replaced_by_gold(generated("upsell", client="newcomer", historicalOrders=history)) == [replaced]


@pytest.mark.parametrize("product", ["coffe", "zzz"])  # in the alphabet before coffee, and after all
@pytest.mark.parametrize(("name", "is_upgraded"), [("Coffee", True), ("Robusta", False)])
def test_what_nobody_else_bought_is_upgraded_to_another_size_alone(generated, product, name, is_upgraded):
    Product.objects.create(external_id=product, name=name, category="hot drinks")
    history = orders(range(5, 100, 7), (product, 6, 12.5))

    activity = generated("upsell", client="newcomer", historicalOrders=history)

    assert replaced_by_gold(activity) == ([product] if is_upgraded else [])


def test_who_took_an_upgrade_up_is_counted_though_the_former_product_has_nearer_neighbours(generated, monkeypatch):
    monkeypatch.setattr(collaborative, "NEIGHBOURS", 4)  # coffee is a neighbour of coffee-gold, and not the reverse
    registry.promote(train_version(LAST_DAY))

    lines = generated("upsell")["recommendations"]

    [reason] = [line["reason"] for line in lines if line["product"] == "coffee-gold"]
    assert "4 of the 20 clients that bought it bought this too" in reason


def test_an_upgrade_of_another_name_is_not_three_times_as_many(generated):
    bought = orders(range(5, 100, 7), ("coffee", 6, 12.5))
    assert "coffee-gold" in products(generated("upsell", client="newcomer", historicalOrders=bought))

    facts("coffee-gold", pack_size=20, name="Arabica")

    assert "coffee-gold" not in products(generated("upsell", client="newcomer", historicalOrders=bought))


def test_an_upgrade_is_as_many_as_it_replaces_though_the_client_takes_little_of_all_else(generated):
    little = [(product, 2, 1.1) for product in ("milk", "sugar", "tea", "honey", "syrup")]
    weekly = orders(range(5, 140, 7), ("coffee", 10, 12.5), *little)

    lines = generated("upsell", client="newcomer", historicalOrders=weekly)["recommendations"]

    assert [(line["quantity"], line["replaces"]) for line in lines if line["product"] == "coffee-gold"] == [
        (10, "coffee")
    ]


def test_a_forecast_lists_what_is_needed_and_orders_nothing_of_the_rest(generated):
    long_gone = orders([900], ("gin", 6, 21.0))

    activity = generated(
        "demand-forecasting",
        historicalOrders=long_gone,
        marketData={"demandFactors": {"gin": 0.001}},
        parameters={"horizonDays": 1},
    )

    series = activity["insights"]["seasonality"]["products"]
    assert series
    assert all(product["forecast"]["units"] > 0 for product in series)
    assert [product["product"] for product in series] == products(activity)
    assert "not expected to be needed" in activity["insights"]["riskFactors"][-1]


@pytest.mark.parametrize(("units", "listed"), [(0.0051, True), (0.0049, False)])
def test_a_forecast_lists_what_comes_to_a_hundredth_of_a_unit(generated, units, listed):
    [usual] = [
        entry["forecast"]["units"]
        for entry in generated("demand-forecasting")["insights"]["seasonality"]["products"]
        if entry["product"] == "milk"
    ]

    scarce = generated("demand-forecasting", marketData={"demandFactors": {"milk": units / usual}})

    assert ("milk" in products(scarce)) == listed


@pytest.mark.parametrize(("scarce", "is_listed"), [("milk", True), ("oat-milk", False)])
def test_the_demand_for_a_successor_is_its_own_and_not_that_for_what_it_replaces(generated, scarce, is_listed):
    facts("milk", active=False, replaced_by=Product.objects.create(external_id="oat-milk"))

    forecast = generated("demand-forecasting", marketData={"demandFactors": {scarce: 0.0001}})

    assert ("oat-milk" in products(forecast)) == is_listed
    assert all(each["forecast"]["units"] > 0 for each in forecast["insights"]["seasonality"]["products"])


@pytest.mark.parametrize("horizon", [90, 365])
def test_a_long_forecast_is_about_as_many_times_a_short_one(generated, horizon):
    def units(days):
        series = generated("demand-forecasting", parameters={"horizonDays": days})["insights"]["seasonality"]
        return sum(product["forecast"]["units"] for product in series["products"])

    assert units(horizon) / units(28) == pytest.approx(horizon / 28, rel=0.25)


@pytest.mark.parametrize("horizon", [28, 90])
@pytest.mark.parametrize("every", [1, 2, 4])
def test_who_orders_more_often_than_all_others_is_not_forecast_many_times_what_it_takes(generated, every, horizon):
    often = orders(range(1, 300, every), ("coffee", 6, 12.5))

    [forecast] = [
        entry["forecast"]
        for entry in generated(
            "demand-forecasting", client="newcomer", historicalOrders=often, parameters={"horizonDays": horizon}
        )["insights"]["seasonality"]["products"]
    ]

    assert forecast["units"] == pytest.approx(6 * horizon / every, rel=0.15)


def test_an_order_is_not_taken_for_another_because_of_what_its_id_looks_like(generated):
    item = [{"product": "milk", "quantity": 6, "price": 1.1}]
    date = f"{NOW - timedelta(days=3)}T00:00:00Z"

    said = generated(
        client="newcomer",
        historicalOrders=[{"orderId": "#1", "date": date, "items": item}, {"date": date, "items": item}],
    )["insights"]["buyingPatterns"]

    assert said[0].startswith("2 orders since ")
    assert not any("every 0 days" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("level", "units"),
    [
        ({"onHand": 2.3, "reserved": 0.3}, 2),
        ({"onHand": 1.4, "reserved": 0.4}, 1),
        ({"onHand": 4.1, "reserved": 0.1}, 4),
        ({"onHand": 5, "reserved": 0.001}, 4),
        ({"onHand": 1}, 1),
        (7.9, 7),
    ],
)
def test_what_is_available_is_reckoned_as_it_is_written(level, units):
    assert available_units(level)[0] == units


def test_the_largest_amounts_that_the_contract_allows_are_answered(generated):
    line = {"product": "milk", "quantity": 1_000_000_000, "price": 1_000_000_000}
    everything = [{"date": f"{NOW - timedelta(days=1 + n)}T00:00:00Z", "items": [line] * 20} for n in range(500)]

    activity = generated(
        "demand-forecasting",
        historicalOrders=everything,
        marketData={"demandFactors": {"milk": 100}},
        parameters={"horizonDays": 365},
    )

    assert activity["status"] == "completed"
    assert activity["generatedOrder"]["totalAmount"] > 1e18


def test_a_change_of_price_is_told_in_figures_that_differ(generated):
    dearer = [*orders([40, 30, 20], ("cups", 500, 0.002)), *orders([5], ("cups", 500, 0.003))]

    said = generated("order-analysis", client="newcomer", historicalOrders=dearer)["insights"]["buyingPatterns"]

    assert "Cups was 0.003 a unit last, 0.002 in the median of the 3 purchases before: 50% more." in said
