"""A bad value of a key that takes effect is refused with its path, whenever it comes."""

import re
from functools import reduce

import pytest

from activities.models import Activity
from tests.service import API

PREFERENCES, MARKET = "inputData.clientPreferences", "inputData.marketData"
STOCK, PARAMETERS = "inputData.inventoryLevels", "aiModel.parameters"

BAD = [
    ("inputData.historicalOrders", "none"),
    ("inputData.historicalOrders[0].date", [{"date": "yesterday", "items": []}]),
    ("inputData.historicalOrders[0].items", [{"orderId": "a"}]),
    ("inputData.historicalOrders[0].items[0].product", [{"items": [{"quantity": 1}]}]),
    ("inputData.historicalOrders[0].items[0].quantity", [{"items": [{"product": "a", "quantity": "2"}]}]),
    ("inputData.historicalOrders[0].items[0].price", [{"items": [{"product": "a", "quantity": 1, "price": -1}]}]),
    (f"{PREFERENCES}.excludeProducts", "milk"),
    (f"{PREFERENCES}.excludeProducts[0]", [""]),
    (f"{PREFERENCES}.excludeCategories", {"drinks": True}),
    (f"{PREFERENCES}.excludeCategories[1]", ["drinks", 4]),
    (f"{PREFERENCES}.onlyCategories", "drinks"),
    (f"{PREFERENCES}.preferredCategories", 1),
    (f"{PREFERENCES}.budget", -0.01),
    (f"{PREFERENCES}.budget", "100"),
    (f"{PREFERENCES}.maxItems", 0),
    (f"{PREFERENCES}.maxItems", 101),
    (f"{PREFERENCES}.maxItems", 2.5),
    (f"{PREFERENCES}.includeNewProducts", "no"),
    (f"{PREFERENCES}.currency", "euro"),
    (f"{MARKET}.prices", [1]),
    (f"{MARKET}.prices.milk", -1),
    (f"{MARKET}.promotions.milk", 1.01),
    (f"{MARKET}.promotions.milk", -0.1),
    (f"{MARKET}.demandFactors.milk", 100.5),
    (f"{MARKET}.demandFactors.milk", "double"),
    (f"{MARKET}.discontinued", "milk"),
    (f"{MARKET}.discontinued[0]", [7]),
    (f"{STOCK}.milk", "plenty"),
    (f"{STOCK}.milk", [3]),
    (f"{STOCK}.milk.onHand", {"reserved": 2}),
    (f"{STOCK}.milk.reserved", {"onHand": 3, "reserved": "2"}),
    (f"{STOCK}.milk.incoming", {"onHand": 3, "incoming": True}),
    (f"{PARAMETERS}.limit", 0),
    (f"{PARAMETERS}.limit", 101),
    (f"{PARAMETERS}.minConfidence", 1.1),
    (f"{PARAMETERS}.horizonDays", 0),
    (f"{PARAMETERS}.horizonDays", 366),
    (f"{PARAMETERS}.asOf", "soon"),
    (f"{PARAMETERS}.asOf", "2026030112"),
    (f"{PARAMETERS}.asOf", "20260301T1"),
    (f"{PARAMETERS}.asOf", 20260101),
    (f"{PARAMETERS}.diversity", -0.1),
]


def with_value(path: str, value) -> dict:
    """A body in which the value stands at the path, up to where that goes into the value."""
    at = re.sub(r"\[.*|(?<=milk)\..*", "", path)
    return reduce(lambda inner, key: {key: inner}, reversed(at.split(".")), value)


@pytest.mark.parametrize(("path", "value"), BAD)
def test_a_bad_value_is_refused_with_its_path_when_created_and_when_updated(tool, path, value):
    activity = tool.file(client="c")
    whole = {"client": "c", "rep": "rep-0", "activityType": "recommendation"}
    bad = with_value(path, value)

    answers = [
        tool.post(whole | bad),
        tool.put(activity["_id"], whole | bad),
        tool.patch(activity["_id"], bad),
        tool.patch(activity["_id"], bad, content_type="application/merge-patch+json"),
    ]

    assert [(answer.status_code, list(answer.body["details"])) for answer in answers] == [(400, [path])] * 4
    assert tool.get(f"{API}/{activity['_id']}").body["data"] == activity
    assert Activity.objects.count() == 1


@pytest.mark.parametrize(
    ("section", "key"),
    [
        *[("clientPreferences", key) for key in ("excludeProducts", "budget", "maxItems", "includeNewProducts")],
        *[("marketData", key) for key in ("prices", "promotions", "demandFactors", "discontinued")],
        ("inventoryLevels", "milk"),
    ],
)
def test_null_is_as_if_left_out(tool, section, key):
    activity = tool.file(inputData={section: {key: None}})

    assert activity["inputData"] == {section: {}}
