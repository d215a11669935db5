"""What an order analysis says of a history, and which products it finds overdue."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from recommender.models import Product
from tests.activities.brought_along import orders_before

pytestmark = pytest.mark.usefixtures("wholesale_house")
AS_OF = date(2025, 10, 15)
orders = partial(orders_before, AS_OF)


@pytest.fixture
def analysed(tool):
    """Analyses the orders that come with the request, as of 15 October 2025."""

    def activity(*orders, purpose="order-analysis", **inputs):
        return tool.generated(
            client="newcomer", activityType=purpose, inputData={"historicalOrders": list(orders)} | inputs,
            aiModel={"parameters": {"asOf": AS_OF.isoformat(), "limit": 100}},
        )  # fmt: skip

    return activity


@pytest.mark.parametrize(
    ("last", "expected"), [(6, set()), (7, {"milk"}), (20, {"milk"}), (41, {"milk"}), (42, set()), (200, set())]
)
def test_a_regular_product_is_overdue_from_its_interval_on_until_it_is_given_up(analysed, last, expected):
    activity = analysed(*orders(range(last, last + 28, 7), ("milk", 6, 1)))

    assert {line["product"] for line in activity["recommendations"]} == expected


def test_what_was_bought_twice_has_no_rhythm_yet(analysed):
    activity = analysed(*orders([20, 30], ("milk", 6, 1)))

    assert activity["recommendations"] == []
    assert "1 bought too seldom to tell" in activity["insights"]["riskFactors"][-2]


@pytest.mark.parametrize(
    ("ordered", "asked", "ago"),
    [
        ("2025-10-01T16:00:00Z", "2025-10-02T03:00:00Z", "1 day ago"),
        ("2025-10-01T00:00:00Z", "2025-10-02T13:00:00Z", "1 day ago"),
        ("2025-10-01T01:00:00Z", "2025-10-01T23:00:00Z", "today"),
    ],
)
def test_how_long_ago_the_last_order_was_agrees_with_its_date(tool, ordered, asked, ago):
    weekly = [f"2025-09-{day}T12:00:00Z" for day in (10, 17, 24)]
    history = [{"date": day, "items": [{"product": "milk", "quantity": 6}]} for day in (*weekly, ordered)]

    activity = tool.generated(
        client="newcomer", inputData={"historicalOrders": history}, aiModel={"parameters": {"asOf": asked}}
    )

    [milk] = [line for line in activity["recommendations"] if line["product"] == "milk"]
    assert activity["insights"]["buyingPatterns"][0].endswith(f"; the last on 2025-10-01, {ago}.")
    assert milk["reason"].endswith(f"; last {ago}.")


@pytest.mark.parametrize(
    ("days_ago", "rhythm"),
    [
        (
            [100, 93, 86, 79, 72, 65, 55, 45, 35, 25, 15],
            [
                "An order every 8 days in the median.",
                "Every 10 days over the last 5 intervals.",
                "The middle half of the intervals lies between 7 and 10 days: regular.",
                "By that the next order was due on 2025-10-10.",
            ],
        ),
        ([90, 89, 60, 58, 20], ["The middle half of the intervals lies between 2 and 31 days: irregular."]),
        ([10], []),
    ],
)
def test_the_rhythm_is_told_overall_lately_and_by_its_spread(analysed, days_ago, rhythm):
    said = analysed(*orders(days_ago, ("milk", 6, 1)))["insights"]["buyingPatterns"]

    assert [sentence for sentence in rhythm if sentence not in said] == []


def test_what_is_overdue_by_two_intervals_is_as_urgent_as_can_be(analysed):
    history = [
        *orders(range(7, 42, 7), ("tea", 6, 1)),
        *orders(range(14, 49, 7), ("milk", 6, 1)),
        *orders(range(28, 63, 7), ("sugar", 6, 1)),
    ]
    units = {line["product"]: line["confidence"] * line["quantity"] for line in analysed(*history)["recommendations"]}
    # Overdue by one interval the money that is expected counts twice, by two intervals and more three times.
    money = {"tea": 300, "milk": 202, "sugar": 201}

    lines = analysed(*history, marketData={"prices": {product: money[product] / units[product] for product in money}})

    by_priority = sorted(lines["recommendations"], key=lambda line: line["priority"])
    assert [line["product"] for line in by_priority] == ["milk", "sugar", "tea"]


def test_orders_of_one_day_are_one_occasion(analysed):
    said = analysed(*orders([60, 50, 40, 30, 20, 10, 5, 5, 5, 5], ("milk", 6, 1)))["insights"]["buyingPatterns"]

    assert "An order every 10 days in the median." in said
    assert "Every 10 days over the last 5 intervals." in said
    assert "By that the next order is due on 2025-10-20." in said


def twice_a_day(last: int, *items: tuple) -> list[dict]:
    """Orders at 8 and at 16 h of ten days, the last one `last` days ago."""
    return [
        order | {"date": order["date"].replace("T00", f"T{hour}")}
        for order in orders(range(last, last + 10), *items)
        for hour in ("08", "16")
    ]


@pytest.mark.parametrize(("last", "expected"), [(1, {"milk"}), (3, {"milk"}), (5, {"milk"}), (6, set())])
def test_what_is_bought_twice_a_day_is_overdue_like_what_is_bought_daily(analysed, last, expected):
    activity = analysed(*twice_a_day(last, ("milk", 6, 1)))

    assert {line["product"] for line in activity["recommendations"]} == expected
    given_up = [text for text in activity["insights"]["riskFactors"] if "1 given up" in text]
    assert bool(given_up) == (not expected)


def test_what_came_in_one_order_or_in_three_of_a_day_is_as_urgent(analysed):
    milk = orders([7, 14, 21, 28, 35], ("milk", 6, 1))
    split = [order | {"date": order["date"].replace("T00", f"T1{n}")} for order in milk for n in range(3)]

    whole, parts = (next(line["reason"] for line in analysed(*history)["recommendations"]) for history in (milk, split))

    assert whole == "Ordered in 5 of 5 orders since the first time, lately every 7 days; last 7 days ago."
    assert parts == "Ordered in 15 of 15 orders since the first time, lately every 7 days; last 7 days ago."


def test_what_was_ordered_three_times_on_two_days_has_no_rhythm_yet(analysed):
    activity = analysed(*orders([20, 20, 30], ("milk", 6, 1)))

    assert activity["recommendations"] == []
    assert "1 bought too seldom to tell" in activity["insights"]["riskFactors"][-2]


@pytest.mark.parametrize(
    ("placed", "asked", "told"),
    [
        (["08-08T21", "08-22T09", "09-04T22", "09-18T12", "10-02T01"], "2025-10-15T23:00:00Z", []),
        (["09-10T12", "09-17T12", "09-24T12", "10-01T12"], "2025-10-08T08:00:00Z", ["every 7 days; last 7 days ago."]),
    ],
)
def test_a_product_is_due_by_the_days_that_are_told(tool, placed, asked, told):
    history = [{"date": f"2025-{day}:00:00Z", "items": [{"product": "milk", "quantity": 6}]} for day in placed]

    activity = tool.generated(
        client="newcomer", activityType="order-analysis", inputData={"historicalOrders": history},
        aiModel={"parameters": {"asOf": asked}},
    )  # fmt: skip

    assert [line["reason"].partition("lately ")[2] for line in activity["recommendations"]] == told


@pytest.mark.parametrize("hours", [12, 3])
def test_who_orders_several_times_a_day_is_not_said_to_order_every_0_days(analysed, hours):
    morning = datetime(2025, 7, 1, 6, tzinfo=UTC)
    item = [{"product": "milk", "quantity": 6, "price": 1}]
    often = [{"date": (morning + timedelta(hours=hours * n)).isoformat(), "items": item} for n in range(12)]

    activities = [analysed(*often, purpose=purpose) for purpose in ("recommendation", "order-analysis")]

    texts = [line["reason"] for activity in activities for line in activity["recommendations"]]
    insights = [activity["insights"] for activity in activities]
    texts += [text for each in insights for text in each["buyingPatterns"] + each["riskFactors"]]
    assert "Ordered in 12 of 12 orders since the first time, lately every day; last" in " ".join(texts)
    assert [text for text in texts if "every 0" in text or "Every 0" in text] == []


def test_who_orders_every_day_at_any_hour_orders_regularly(analysed):
    hours = [6, 20, 5, 21, 6, 20, 7, 19]
    often = [
        order | {"date": order["date"].replace("T00", f"T{hour:02}")}
        for order, hour in zip(orders(range(1, 9), ("milk", 6, 1)), hours, strict=True)
    ]

    said = analysed(*often)["insights"]["buyingPatterns"]

    assert "An order every day in the median." in said
    assert "The middle half of the intervals is about 1 day: regular." in said


@pytest.mark.parametrize(
    ("days_ago", "risk"),
    [
        ([75, 68, 61], ["No order for 61 days, against one every 7 days in the median: may be leaving"]),
        ([74, 67, 60], []),
        ([161, 121, 81], []),
        ([65, 86, 108], []),  # 21.5 days in the median, told as 22: three such are 66
        ([201, 161, 121], ["No order for 121 days, against one every 40 days in the median: may be leaving"]),
        ([61], ["No order for 61 days since the only one: may be leaving."]),
        ([60], []),
        ([61, 61, 61], ["No order for 61 days: may be leaving"]),
    ],
)
def test_who_may_be_leaving_was_silent_for_60_days_and_three_of_its_own_intervals(analysed, days_ago, risk):
    said = analysed(*orders(days_ago, ("milk", 6, 1)))["insights"]["riskFactors"]

    assert [sentence.partition(" (")[0] for sentence in said if "may be leaving" in sentence] == risk


@pytest.mark.parametrize("days_ago", [[60], [74, 67, 60], [60, 60, 60]])
def test_who_was_silent_for_60_days_by_the_calendar_is_not_leaving_at_noon_either(tool, days_ago):
    activity = tool.generated(
        client="newcomer", inputData={"historicalOrders": orders(days_ago, ("milk", 6, 1))},
        aiModel={"parameters": {"asOf": f"{AS_OF}T12:00:00Z"}},
    )  # fmt: skip

    said = activity["insights"]["riskFactors"]
    assert [sentence for sentence in said if "may be leaving" in sentence] == []


@pytest.mark.parametrize(
    ("days_ago", "price", "segment"),
    [
        (range(1, 365, 4), 900, "top client (recency 5, frequency 5, money 5"),
        (range(1, 365, 4), 0, "steady client (recency 5, frequency 5, money 1"),
        (range(1, 365, 4), None, "top client (recency 5, frequency 5"),
        ([200], 1, "dormant client (recency 1, frequency 1, money 1"),
        (range(100, 365, 4), 900, "top client slipping away (recency 1, frequency 5, money 5"),
    ],
)
def test_a_client_is_placed_among_all_clients_in_plain_words(analysed, days_ago, price, segment):
    said = analysed(*orders(days_ago, ("milk", 6, price)))["insights"]["buyingPatterns"]

    assert [sentence for sentence in said if f"Segment: {segment}; of 5 each, against 40 clients)" in sentence]


def test_the_last_quarter_of_a_year_is_held_against_the_one_before(analysed):
    said = analysed(
        *orders([200], ("milk", 1, 1)),
        *orders([170, 130, 100], ("milk", 10, 1)),
        *orders([80, 10], ("milk", 10, 2), ("sugar", 5, 1)),
    )["insights"]["buyingPatterns"]

    assert "2 orders in the last 90 days, 3 in the 90 days before." in said
    assert "50.00 spent in the last 90 days, 30.00 in the 90 days before: 67% more." in said
    assert "2.0 products an order in the last 90 days, 1.0 in the 90 days before: 100% more." in said


def test_a_change_is_that_of_the_figures_as_they_are_told(analysed):
    said = analysed(
        *orders([200], ("milk", 1, 1)),
        *orders(range(100, 124), ("milk", 10, 1)),
        *orders(range(1, 24), ("milk", 10, 1)),
        *orders([30], ("milk", 10, 1), ("sugar", 5, 1)),
    )["insights"]["buyingPatterns"]

    assert "1.0 products an order in the last 90 days, 1.0 in the 90 days before: much the same." in said


@pytest.mark.parametrize(
    "earlier",
    [
        [*orders(range(115, 175, 15), ("milk", 10, None)), *orders([100], ("milk", 10, 20))],
        orders(range(100, 175, 15), ("milk", 10, 10), ("sugar", 10, None)),
    ],
)
def test_spending_is_not_told_from_orders_that_have_prices_for_some_of_it(analysed, earlier):
    said = analysed(
        *orders([200], ("milk", 1, 1)), *earlier, *orders(range(10, 85, 15), ("milk", 10, 10), ("sugar", 10, 10))
    )["insights"]["buyingPatterns"]

    assert "5 orders in the last 90 days, 5 in the 90 days before." in said
    assert [sentence for sentence in said if "spent in the last 90 days" in sentence] == []


def test_what_orders_came_to_is_told_of_those_alone_that_have_a_price_for_all_of_it(analysed):
    partly = orders(range(5, 35, 7), ("milk", 10, 1), ("sugar", 10, None))

    some = analysed(*partly, *orders([40, 47], ("milk", 10, 10)))["insights"]["buyingPatterns"]
    none = analysed(*partly)["insights"]["buyingPatterns"]

    assert "The last 2 fully priced orders came to 100.00 on average." in some
    assert [sentence for sentence in none if " came to " in sentence] == []


@pytest.mark.parametrize(("unpriced_days_ago", "is_told"), [(364, False), (366, True)])
def test_what_a_client_spent_in_a_year_is_told_where_all_of_it_has_a_price(analysed, unpriced_days_ago, is_told):
    said = analysed(
        *orders([unpriced_days_ago], ("milk", 6, 900), ("sugar", 6, None)), *orders([200, 100, 5], ("milk", 6, 900))
    )["insights"]["buyingPatterns"]

    [segment] = [sentence for sentence in said if sentence.startswith("Segment: ")]
    assert ", money 5; of 5 each" in segment
    assert (" 3 orders and 16200.00 spent in the last 365 days." in segment) == is_told
    assert segment.endswith(" spent in the last 365 days.") == is_told


@pytest.mark.parametrize(("first", "is_told"), [(179, False), (180, True)])
def test_no_trend_is_told_before_there_are_two_quarters(analysed, first, is_told):
    said = analysed(*orders([first, 130, 80, 10], ("milk", 10, 1)))["insights"]["buyingPatterns"]

    assert any("in the 90 days before" in sentence for sentence in said) == is_told


def test_a_product_that_costs_more_and_one_that_is_taken_less_are_named(analysed):
    said = analysed(
        *orders([60, 50, 40, 30], ("milk", 10, 1), ("sugar", 20, 2), ("tea", 4, 3)),
        *orders([5], ("milk", 11, 1.1), ("sugar", 5, 2), ("tea", 4, 3)),
    )["insights"]["buyingPatterns"]

    assert [sentence for sentence in said if " last, " in sentence] == [
        "Milk was 1.10 a unit last, 1.00 in the median of the 4 purchases before: 10% more.",
        "5 of Sugar last, 20 in the median of the 4 purchases before: 75% less.",
    ]


@pytest.mark.parametrize(
    ("purpose", "history", "told"),
    [
        ("recommendation", [], "No order of this client is known: the suggestions rest on other clients alone."),
        ("order-analysis", [], "No order of this client is known."),
        ("recommendation", [5], "Only 1 order of this client known: the suggestions are uncertain."),
        ("order-analysis", [5], "Only 1 order of this client known."),
    ],
)
def test_what_suggestions_rest_on_is_told_where_there_are_some(analysed, purpose, history, told):
    said = analysed(*orders(history, ("milk", 6, 1)), purpose=purpose)

    assert told in said["insights"]["riskFactors"]
    assert bool(said["recommendations"]) == (": " in told)


@pytest.mark.parametrize(("last", "is_news"), [(180, True), (181, False)])
def test_a_price_of_half_a_year_ago_is_no_news_where_none_was_given_since(analysed, last, is_news):
    said = analysed(
        *orders([last + 30, last + 20, last + 10], ("milk", 10, 1)), *orders([last], ("milk", 10, 2)),
        *orders([20, 10], ("milk", 10, None)),
    )["insights"]["buyingPatterns"]  # fmt: skip

    assert any(sentence.startswith("Milk was 2.00 a unit last") for sentence in said) == is_news


def test_only_an_order_analysis_goes_into_detail(analysed):
    history = orders(range(5, 200, 7), ("milk", 6, 1))

    usual, detailed = (
        analysed(*history, purpose=purpose)["insights"]["buyingPatterns"]
        for purpose in ("recommendation", "order-analysis")
    )

    assert set(usual) < set(detailed)


def test_what_is_overdue_is_as_probable_as_it_is_in_the_next_basket(analysed):
    history = orders(range(20, 90, 7), ("milk", 6, 1), ("sugar", 6, 1))

    basket, overdue = (
        {line["product"]: line["confidence"] for line in analysed(*history, purpose=purpose)["recommendations"]}
        for purpose in ("recommendation", "order-analysis")
    )

    assert overdue == {product: basket[product] for product in ("milk", "sugar")}


def test_a_season_is_told_with_its_evidence(analysed):
    history = orders([363, 370, 377, 384, 391], ("punch", 6, 1)) + orders(range(20, 380, 15), ("milk", 6, 1))

    lines = {line["product"]: line for line in analysed(*history, purpose="recommendation")["recommendations"]}

    punch = lines["punch"]
    assert punch["category"] == "seasonal"
    assert punch["reason"].endswith(
        "Seasonal: 5 of its 5 orders fell within 45 days of this time of the year, as did 10 of all 29 orders."
    )


def test_without_categories_an_upgrade_stands_on_one_made_from_orders(tool):
    Product.objects.update(category="")
    as_of = datetime(2025, 11, 2, 9, tzinfo=UTC).isoformat()

    activity = tool.generated(
        client="cafe-03", activityType="upsell", aiModel={"parameters": {"asOf": as_of}},
        inputData={"inventoryLevels": {"coffee-gold": 4}},
    )  # fmt: skip

    [gold] = [line for line in activity["recommendations"] if line["product"] != line["replaces"]]
    assert (gold["product"], gold["replaces"], gold["quantity"], gold["uplift"]) == ("coffee-gold", "coffee", 4, 26)
    assert gold["reason"].startswith(
        "Instead of 4 Coffee at 12.5; 4 of the 20 clients that bought it bought this too; category made from orders."
    )
