"""Whatever is asked, what is suggested may be sold, fits what was asked for, and adds up (property based)."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities import contract
from activities.draft_order import draft_order
from activities.models import Activity
from recommender.models import Product
from recommender.requests import SuggestionRequest
from recommender.suggestions import suggest
from tests.wholesale import EXTRAS, LAST_DAY, PREMIUM, STAPLES

PRODUCTS = sorted({*STAPLES["cafe"], *STAPLES["bar"], *EXTRAS["cafe"], *EXTRAS["bar"], *PREMIUM})
CATEGORIES = ["hot drinks", "drinks", "groceries"]

RECOMMENDATION = contract.validator("#/components/schemas/Recommendation")

product = st.sampled_from([*PRODUCTS, "unknown"])
some_products = st.lists(product, max_size=4, unique=True)
some_categories = st.lists(st.sampled_from(CATEGORIES), max_size=2, unique=True)
units = st.one_of(st.integers(-5, 40), st.floats(0, 60).map(lambda number: round(number, 3)))
money = st.decimals(0, 40, places=4).map(float)


def some(**keys):
    """A dictionary with any of the keys."""
    return st.fixed_dictionaries({}, optional=keys)


orders = st.lists(
    st.fixed_dictionaries(
        {
            "date": st.integers(1, 500).map(lambda days: (LAST_DAY - timedelta(days=days)).isoformat()),
            "items": st.lists(
                st.fixed_dictionaries({"product": product, "quantity": units}, optional={"price": money}), max_size=5
            ),
        }
    ),
    max_size=8,
)
requests = st.builds(
    SuggestionRequest,
    client=st.sampled_from(["cafe-03", "bar-05", "nobody"]),
    purpose=st.sampled_from(Activity.Type.values),
    now=st.just(LAST_DAY),
    orders=orders,
    preferences=some(
        excludeProducts=some_products,
        excludeCategories=some_categories,
        onlyCategories=some_categories,
        preferredCategories=some_categories,
        budget=st.decimals(0, 600, places=2).map(float),
        maxItems=st.integers(1, 20),
        includeNewProducts=st.booleans(),
    ),
    market=some(
        prices=st.dictionaries(product, money, max_size=3),
        promotions=st.dictionaries(product, st.floats(0, 1), max_size=3),
        demandFactors=st.dictionaries(st.sampled_from(PRODUCTS + CATEGORIES), st.floats(0, 100), max_size=3),
        discontinued=some_products,
    ),
    stock=st.dictionaries(
        product,
        st.one_of(units, st.fixed_dictionaries({"onHand": units}, optional={"reserved": units, "incoming": units})),
        max_size=6,
    ),
    parameters=some(
        limit=st.integers(1, 20),
        minConfidence=st.floats(0, 0.5),
        horizonDays=st.integers(1, 365),
        diversity=st.floats(0, 1),
    ),
)
catalogues = st.fixed_dictionaries(
    {
        name: st.fixed_dictionaries(
            {
                "active": st.integers(0, 5).map(bool),
                "pack_size": st.sampled_from([1, 1, 1, 6, 10]),
                "min_order_quantity": st.sampled_from([1, 1, 1, 5, 24]),
                "replaced_by": st.one_of(st.none(), st.sampled_from(PRODUCTS)),
            }
        )
        for name in PRODUCTS
    }
)


@pytest.fixture
def house(wholesale_house, db):
    """The catalogue by external id."""
    return {row.external_id: row for row in Product.objects.filter(external_id__in=PRODUCTS)}


def stock_the(house: dict[str, Product], catalogue: dict[str, dict]) -> None:
    for name, row in house.items():
        fields = catalogue[name]
        heir = fields["replaced_by"]
        row.active, row.pack_size = fields["active"], fields["pack_size"]
        row.min_order_quantity = fields["min_order_quantity"]
        row.replaced_by = house[heir] if heir and heir != name else None
    Product.objects.bulk_update(house.values(), ["active", "pack_size", "min_order_quantity", "replaced_by"])


def available(level) -> float:
    return level["onHand"] - level.get("reserved", 0) if isinstance(level, dict) else level


def to_the_cent(value: Decimal) -> float:
    return float(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


def exact(line: dict) -> Decimal:
    return line["quantity"] * Decimal(str(line["price"] or 0))


@settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(request=requests, catalogue=catalogues)
def test_whatever_is_asked_only_what_may_be_sold_is_suggested_and_the_money_adds_up(house, request, catalogue):
    stock_the(house, catalogue)

    [result] = suggest([request])

    lines = result.recommendations
    names = [line["product"] for line in lines]
    sold = {name: row for name, row in house.items() if row.active}
    wishes, market = request.preferences, request.market
    assert [line for line in lines if not RECOMMENDATION.is_valid(line)] == []
    assert len(set(names)) == len(names) <= request.limit
    assert set(names) <= sold.keys() | {"unknown"}
    assert not set(names) & {*wishes.get("excludeProducts", ()), *market.get("discontinued", ())}
    categories = {sold[name].category for name in names if name in sold}
    assert not categories & set(wishes.get("excludeCategories", ()))
    assert not wishes.get("onlyCategories") or categories <= set(wishes["onlyCategories"])
    assert [n for n in names if n in request.stock and available(request.stock[n]) < quantity_of(lines, n)] == []
    assert [n for n in names if n in sold and quantity_of(lines, n) % sold[n].pack_size] == []
    assert [n for n in names if n in sold and quantity_of(lines, n) < sold[n].min_order_quantity] == []
    assert [line for line in lines if line["confidence"] < request.parameters.get("minConfidence", 0)] == []
    total = draft_order("a", lines, {}).get("totalAmount", 0)
    assert total == to_the_cent(sum(map(exact, lines), Decimal(0)))
    assert total <= wishes.get("budget", total)
    upgrades = [line for line in lines if "uplift" in line]
    assert [line for line in upgrades if line["uplift"] < 0 or line["uplift"] != uplift_told(line)] == []


def quantity_of(lines: list[dict], name: str) -> int:
    [line] = [line for line in lines if line["product"] == name]
    return line["quantity"]


def uplift_told(line: dict) -> float:
    """From what the reason says is replaced: "Instead of 6 Coffee at 12.5; ..."."""
    said = line["reason"].removeprefix("Instead of ")
    units, price = said.split(" ")[0], said.split(" at ")[1].split(";")[0].split(",")[0]
    return to_the_cent(exact(line) - Decimal(units) * Decimal(price))
