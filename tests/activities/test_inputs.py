"""What an activity brings along takes effect, key by key."""

import pytest

from tests.wholesale import CATEGORIES, LAST_DAY

pytestmark = pytest.mark.usefixtures("wholesale_house")
AS_OF = LAST_DAY.isoformat()


@pytest.fixture
def suggested(tool):
    """The lines for a cafe by product, in order, with inputs and parameters."""

    def lines(parameters=None, **inputs):
        model = {"parameters": {"asOf": AS_OF} | (parameters or {})}
        activity = tool.generated(client="cafe-03", inputData=inputs, aiModel=model)
        return {line["product"]: line for line in activity["recommendations"]}

    return lines


@pytest.mark.parametrize(
    ("section", "wish", "product"),
    [
        ("clientPreferences", {"excludeProducts": ["milk"]}, "milk"),
        ("clientPreferences", {"excludeCategories": ["hot drinks"]}, "coffee"),
        ("clientPreferences", {"onlyCategories": ["hot drinks"]}, "milk"),
        ("clientPreferences", {"includeNewProducts": False}, "coffee-gold"),
        ("marketData", {"discontinued": ["milk"]}, "milk"),
        ("inventoryLevels", {"milk": 0}, "milk"),
        ("inventoryLevels", {"milk": -3}, "milk"),
        ("inventoryLevels", {"milk": 0.9}, "milk"),
        ("inventoryLevels", {"milk": {"onHand": 20, "reserved": 20, "incoming": 100}}, "milk"),
    ],
)
def test_what_is_not_wanted_or_cannot_be_had_is_not_suggested(suggested, section, wish, product):
    assert product in suggested({"limit": 100})
    others = suggested({"limit": 100}, **{section: wish})

    assert others
    assert product not in others


def test_stock_caps_the_quantity_and_says_what_is_coming(suggested):
    milk = suggested(inventoryLevels={"milk": {"onHand": 13.5, "reserved": 7, "incoming": 40}})["milk"]

    assert milk["quantity"] == 6
    assert milk["reason"].endswith("Only 6 in stock, 40 more on the way.")


def test_a_preferred_category_moves_up(suggested):
    hot, groceries = (
        list(suggested(clientPreferences={"preferredCategories": [category]}))
        for category in ("hot drinks", "groceries")
    )

    assert hot.index("coffee") < groceries.index("coffee")


def test_a_preferred_category_counts_half_as_much_again(suggested):
    lines = suggested({"limit": 100}, clientPreferences={"preferredCategories": ["hot drinks"]})
    hot_drinks = ("coffee", "coffee-gold", "tea")

    counted = [line["confidence"] * (1.5 if product in hot_drinks else 1) for product, line in lines.items()]

    assert counted == sorted(counted, reverse=True)
    assert counted != [line["confidence"] for line in lines.values()]


def test_diversity_brings_categories_forward(suggested):
    first, second = list(suggested({"diversity": 1}))[:2]

    assert CATEGORIES.get(first, "groceries") != CATEGORIES.get(second, "groceries")


def test_diversity_takes_what_has_no_category_for_nothing_that_is_alike(suggested):
    items = [{"product": product, "quantity": 6} for product in ("own-brand", "special")]
    weekly = [{"date": f"2025-10-{day:02}T09:00:00Z", "items": items} for day in (3, 10, 17, 24, 31)]

    lines = suggested({"diversity": 1, "limit": 4}, historicalOrders=weekly)

    assert {"own-brand", "special"} < set(lines)


# What is usual is rounded before it is shown: to whole units of coffee, to packs of six of milk.
@pytest.mark.parametrize(
    ("factors", "product", "rounding"), [({"milk": 3}, "milk", 9), ({"hot drinks": 3}, "coffee", 2)]
)
def test_a_demand_factor_multiplies_the_quantity_of_a_product_or_category(suggested, factors, product, rounding):
    usual, more = suggested(), suggested(marketData={"demandFactors": factors})

    assert more[product]["quantity"] == pytest.approx(3 * usual[product]["quantity"], abs=rounding)
    assert more["sugar"]["quantity"] == usual["sugar"]["quantity"]


def test_a_promotion_lowers_the_price_of_the_market(suggested):
    sugar = suggested(marketData={"prices": {"sugar": 2}, "promotions": {"sugar": 0.25}})["sugar"]

    assert sugar["price"] == 1.5
    assert "25% off" in sugar["reason"]


def test_the_smaller_of_limit_and_max_items_counts(suggested):
    assert len(suggested({"limit": 3}, clientPreferences={"maxItems": 2})) == 2
    assert len(suggested({"limit": 2}, clientPreferences={"maxItems": 3})) == 2
    assert len(suggested({"limit": 12})) == 12


def test_nothing_below_the_confidence_asked_for_is_suggested(suggested):
    wanted = sorted(line["confidence"] for line in suggested().values())[-2]

    assert {line["confidence"] >= wanted for line in suggested({"minConfidence": wanted}).values()} == {True}
    assert len(suggested({"minConfidence": wanted})) >= 2
