"""What stands in an answer: its lines, its insights and its forecast, each as the contract describes it."""

from datetime import date, timedelta

import pytest

from activities import contract
from recommender.models import ModelVersion
from tests.service import API
from tests.wholesale import AS_OF_LAST_DAY, STAPLES

pytestmark = pytest.mark.usefixtures("wholesale_house")


def order(day, *items, **fields):
    return {"date": f"{day}T09:00:00Z", "items": [{"product": p, "quantity": q} for p, q in items]} | fields


@pytest.fixture
def newcomer(tool):
    """Generates for a client whose orders come with the request alone, as of 15 October 2025, a Wednesday."""

    def generated(*orders, **fields):
        as_of = {"parameters": {"asOf": "2025-10-15"}}
        fields = {"client": "newcomer", "inputData": {"historicalOrders": list(orders)}, "aiModel": as_of} | fields
        return tool.generated(**fields)

    return generated


def line_of(activity, product):
    [line] = [line for line in activity["recommendations"] if line["product"] == product]
    return line


def beer_of(activity):
    series = activity["insights"]["seasonality"]["products"]
    [beer] = [entry["forecast"] for entry in series if entry["product"] == "beer"]
    return beer


def test_a_version_that_is_there_answers_where_it_is_asked_for(tool):
    active = ModelVersion.objects.active().get()
    ModelVersion.objects.create(
        name=active.name, number=77, status="retired", artifact=active.artifact, sha256=active.sha256,
        data_until=active.data_until,
    )  # fmt: skip

    model = tool.generated(client="cafe-03", aiModel={"version": "2.77.0"})["aiModel"]

    assert (model["name"], model["version"]) == (active.name, "2.77.0")
    assert "requested" not in model


def test_generating_answers_with_the_lines_that_are_stored(tool):
    activity = tool.file(client="cafe-03", aiModel=AS_OF_LAST_DAY)

    answer = tool.generate(activity["_id"]).body

    stored = tool.get(f"{API}/{activity['_id']}").body["data"]
    assert answer == {"success": True, "data": {"recommendations": stored["recommendations"]}}
    assert stored["processingTime"] > 0


def test_a_list_has_its_most_urgent_line_at_priority_1_and_its_least_at_most_10(tool):
    lines = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)["recommendations"]

    priorities = {line["priority"] for line in lines}
    assert min(priorities) == 1
    assert priorities <= set(range(1, 11))
    assert len(priorities) > len(lines) / 2
    most_money = max(lines[:3], key=lambda line: line["confidence"] * line["quantity"] * line["price"])
    assert min(lines[:3], key=lambda line: line["priority"]) == most_money


def test_the_most_probable_comes_first_and_the_estimate_is_the_mean(tool):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)

    confidences = [line["confidence"] for line in activity["recommendations"]]
    assert confidences == sorted(confidences, reverse=True)
    assert activity["accuracy"]["estimated"] == pytest.approx(sum(confidences) / len(confidences), abs=1e-4)
    assert activity["accuracy"]["historical"] > 0.5  # its staples stand in four of five of its orders


def test_only_cross_sell_goes_with_something_and_only_upsell_replaces_something(tool):
    usual, cross, up = (
        tool.generated(client="cafe-03", activityType=purpose, aiModel=AS_OF_LAST_DAY)["recommendations"]
        for purpose in ("recommendation", "cross-sell", "upsell")
    )

    special = {"goesWith", "replaces", "uplift"}
    assert {name for line in usual for name in line} & special == set()
    assert {frozenset(line.keys() & special) for line in cross} == {frozenset({"goesWith"})}
    assert {frozenset(line.keys() & special) for line in up} == {frozenset({"replaces", "uplift"})}
    assert {line["category"] for line in cross} == {"cross-sell"}
    assert {line["category"] for line in up} == {"upsell"}


def test_what_was_never_bought_is_new_and_what_is_bought_at_one_time_of_the_year_is_seasonal(newcomer):
    autumns = [order(f"{year}-10-{day}", ("punch", 6)) for year in (2023, 2024) for day in ("05", 12, 19, 26)]
    weekly = [order(f"2025-{month:02}-20", ("milk", 6)) for month in range(1, 10)]

    activity = newcomer(*autumns, *weekly)

    categories = {line["product"]: line["category"] for line in activity["recommendations"]}
    assert (categories["punch"], categories["milk"]) == ("seasonal", "frequent-buy")
    assert set(categories.values()) - {"seasonal", "frequent-buy"} == {"new-product"}


def test_a_product_without_a_known_price_has_none_and_counts_nothing(newcomer):
    activity = newcomer(order("2025-10-01", ("secret", 2), ("milk", 6)), order("2025-10-08", ("secret", 2)))

    assert line_of(activity, "secret")["price"] is None
    priced = [line for line in activity["recommendations"] if line["product"] != "secret"]
    total = sum(line["quantity"] * line["price"] for line in priced)
    assert activity["generatedOrder"]["totalAmount"] == pytest.approx(total, abs=0.005)


def test_the_price_is_the_one_the_client_paid_last(newcomer):
    paid = [{"product": "milk", "quantity": 6, "price": price} for price in (0.8, 0.7)]
    orders = [order("2025-10-01", items=paid[:1]), order("2025-10-08", items=paid[1:])]

    assert line_of(newcomer(*orders), "milk")["price"] == 0.7


def test_a_price_counts_with_four_decimals_wherever_the_order_comes_from(newcomer):
    orders = [
        {"date": f"2025-10-0{day}T09:00:00Z", "items": [{"product": "milk", "quantity": 6, "price": price}]}
        for day, price in ((1, 0.7), (2, 0.00004))
    ]

    # To four decimals the last price is nothing, which was a gift.
    assert line_of(newcomer(*orders), "milk")["price"] == 1.1


def test_returns_reduce_and_zero_carries_no_weight(newcomer):
    activity = newcomer(
        order("2025-09-24", ("milk", 12)),
        order("2025-10-01", ("milk", 12), ("sugar", 0)),
        order("2025-10-02", ("milk", -12)),
        order("2025-10-03", ("sugar", 0)),
    )

    assert line_of(activity, "milk")["reason"].startswith("Ordered in 1 of 1 order since the first time;")
    assert line_of(activity, "sugar")["category"] == "new-product"


def test_orders_of_the_request_are_added_to_the_stored_ones(tool):
    stored = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    added = [order("2025-11-01", ("gin", 1)), order("2025-11-01", ("gin", 1), orderId="new")]

    merged = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY, inputData={"historicalOrders": added})

    before, after = (int(a["insights"]["buyingPatterns"][0].split()[0]) for a in (stored, merged))
    assert after == before + 2
    assert line_of(merged, "gin")["reason"].startswith("Ordered in 2 of 2 orders")


def test_insights_say_in_words_what_the_history_shows(newcomer):
    said = newcomer(
        order("2025-03-03", ("milk", 6), ("sugar", 2)),
        order("2025-03-10", ("milk", 6)),
        order("2025-03-17", ("milk", 6)),
    )["insights"]

    assert said["buyingPatterns"][0].startswith("3 orders since 2025-03-03; the last on 2025-03-17, 212 days ago.")
    assert "An order every 7 days in the median." in said["buyingPatterns"]
    assert "Bought most often: Milk (3 orders), Sugar (1 order)." in said["buyingPatterns"]
    assert "may be leaving" in said["riskFactors"][0]
    assert said["opportunities"][-1].startswith("Not bought yet")


def test_a_month_is_its_units_as_a_share_of_the_average_month(newcomer):
    months = newcomer(
        order("2025-08-04", ("milk", 4)), order("2025-08-20", ("milk", 6)), order("2025-09-05", ("sugar", 30)),
        order("2025-10-10", ("milk", 20)),
    )["insights"]["seasonality"]["months"]  # fmt: skip

    assert months == [*[None] * 7, 0.5, 1.5, 1.0, None, None]


@pytest.mark.parametrize("now", ["2025-10-01", "2025-10-02", "2025-10-31"])
def test_the_month_under_way_counts_for_nothing_until_something_is_ordered_in_it(newcomer, now):
    daily = [order(date(2023, 11, 1) + timedelta(days=n), ("milk", 6)) for n in range(700)]  # to 30 September 2025

    months = newcomer(*daily, aiModel={"parameters": {"asOf": now}})["insights"]["seasonality"]["months"]

    assert all(0.9 < month < 1.1 for month in months)


def test_a_client_without_orders_has_no_pattern_and_no_season(tool):
    said = tool.generated(client="nobody", aiModel=AS_OF_LAST_DAY)["insights"]

    assert (said["buyingPatterns"], said["seasonality"]) == ([], {})


def test_only_a_forecast_has_series(tool):
    usual = tool.generated(client="bar-02", aiModel=AS_OF_LAST_DAY)

    assert "products" not in usual["insights"]["seasonality"]


def test_the_series_of_a_forecast_are_units_per_week_from_monday(newcomer):
    activity = newcomer(
        order("2025-09-21", ("milk", 6)),
        order("2025-09-22", ("milk", 1.5)),
        order("2025-09-28", ("milk", 4)),
        order("2025-10-06", ("milk", 12), ("milk", 6)),
        activityType="demand-forecasting",
    )

    [milk] = [entry for entry in activity["insights"]["seasonality"]["products"] if entry["product"] == "milk"]
    assert milk["history"] == [
        {"from": "2025-09-15", "units": 6}, {"from": "2025-09-22", "units": 5.5}, {"from": "2025-09-29", "units": 0},
        {"from": "2025-10-06", "units": 18}, {"from": "2025-10-13", "units": 0},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        ("2025-12-28T23:59:59Z", {"from": "2025-12-22", "units": 6}),
        ("2025-12-29", {"from": "2025-12-22", "units": 6}),
        ("2025-12-29T00:01:00Z", {"from": "2025-12-29", "units": 0}),
        ("2026-01-02", {"from": "2025-12-29", "units": 4}),
        ("2026-01-05", {"from": "2025-12-29", "units": 12}),
    ],
)
def test_the_series_of_a_forecast_end_with_the_week_of_which_something_is_over(newcomer, as_of, last):
    activity = newcomer(
        order("2025-12-22", ("milk", 6)),
        order("2026-01-01", ("milk", 4)),
        order("2026-01-04", ("milk", 8)),
        activityType="demand-forecasting",
        aiModel={"parameters": {"asOf": as_of, "horizonDays": 28}},
    )

    [milk] = [entry for entry in activity["insights"]["seasonality"]["products"] if entry["product"] == "milk"]
    assert milk["history"][-1] == last
    assert milk["forecast"]["from"] == as_of[:10]


def test_an_order_without_a_date_is_in_the_week_that_begins_as_it_is_asked_for(newcomer):
    activity = newcomer(
        order("2025-12-22", ("milk", 6)),
        {"items": [{"product": "milk", "quantity": 4}]},
        activityType="demand-forecasting",
        aiModel={"parameters": {"asOf": "2025-12-29"}},
    )

    [milk] = activity["insights"]["seasonality"]["products"]
    assert milk["history"] == [{"from": "2025-12-22", "units": 6}, {"from": "2025-12-29", "units": 4}]


def test_a_forecast_is_over_the_whole_horizon_with_an_interval_and_its_level(tool):
    week, month = (
        tool.generated(
            client="bar-02", activityType="demand-forecasting",
            aiModel={"parameters": AS_OF_LAST_DAY["parameters"] | {"horizonDays": days}},
        )
        for days in (7, 28)
    )  # fmt: skip

    series = month["insights"]["seasonality"]["products"]
    assert [entry["product"] for entry in series] == [line["product"] for line in month["recommendations"]]
    of_a_week, of_a_month = beer_of(week), beer_of(month)
    assert (of_a_week["from"], of_a_week["to"]) == ("2025-11-02", "2025-11-09")
    assert (of_a_month["from"], of_a_month["to"]) == ("2025-11-02", "2025-11-30")
    assert 0 < of_a_week["units"] < of_a_month["units"]
    assert 0 < of_a_week["high"] < of_a_month["high"]


def test_the_units_of_every_forecast_lie_within_bounds_that_hold_at_least_four_times_in_five(tool):
    activity = tool.generated(client="bar-02", activityType="demand-forecasting", aiModel=AS_OF_LAST_DAY)

    forecasts = [entry["forecast"] for entry in activity["insights"]["seasonality"]["products"]]
    assert forecasts
    assert all(0 <= each["low"] <= each["units"] <= each["high"] for each in forecasts)
    assert all(0.8 <= each["level"] < 1 for each in forecasts)


def test_a_demand_factor_multiplies_the_forecast(tool):
    usual, doubled = (
        tool.generated(
            client="bar-02", activityType="demand-forecasting", aiModel=AS_OF_LAST_DAY, inputData={"marketData": market}
        )
        for market in ({}, {"demandFactors": {"beer": 2}})
    )

    figures = ("units", "low", "high")
    assert [beer_of(doubled)[name] for name in figures] == pytest.approx(
        [2 * beer_of(usual)[name] for name in figures], abs=0.02
    )
    assert beer_of(doubled)["level"] == beer_of(usual)["level"]


def test_a_forecast_asked_for_without_a_horizon_is_over_four_weeks(tool):
    activity = tool.generated(client="bar-02", activityType="demand-forecasting", aiModel=AS_OF_LAST_DAY)

    assert activity["insights"]["seasonality"]["products"][0]["forecast"]["to"] == "2025-11-30"


def test_every_line_says_in_a_sentence_why(tool):
    purposes = contract.document()["components"]["schemas"]["ActivityType"]["enum"]
    lines = [
        line
        for purpose in purposes
        for line in tool.generated(client="cafe-03", activityType=purpose, aiModel=AS_OF_LAST_DAY)["recommendations"]
    ]

    assert all(line["reason"].endswith(".") and len(line["reason"]) > 20 for line in lines)
    assert {line["productName"] for line in lines if line["product"] in STAPLES["cafe"]} == {"Coffee", "Milk", "Sugar"}
