"""The filter language of the list."""

import json
from urllib.parse import quote

import pytest

from activities import reading
from activities.models import Activity
from tests.service import API

LINES = [
    {"product": "beer", "productName": "Beer", "confidence": 0.9, "category": "frequent-buy"},
    {
        "product": "gin",
        "productName": "London Dry",
        "reason": "Never ordered here.",
        "confidence": 0.2,
        "category": "cross-sell",
        "goesWith": "tonic",
    },
]


@pytest.fixture
def rows(db):
    """Three activities: `a` rich, `b` plain, `c` with what is easily mistaken."""
    common = {"rep": "r", "activity_type": "upsell"}
    Activity.objects.create(
        client="a", **common, recommendations=LINES, status="completed", processing_time=0.5,
        ai_model={"name": "m", "confidence": 0.55}, 
        feedback={"userRating": 4, "acceptedRecommendations": ["gin"], "comments": "Sampled."},
        insights={"riskFactors": ["May be leaving."], "buyingPatterns": []},
        metadata={"visit": 7, "tags": ["x", "y"], "deep": {"er": True}, "empty": [], "nothing": None, "some": [1, None],
                  "rows": [{"x": None, "y": None}, {"x": 1}], "uneven": [{"b": {"c": 1}}, {"d": 2}]},
    )  # fmt: skip
    orders = [{"items": []}, {"items": [{"product": "tea", "quantity": 3}, {"product": "honey", "quantity": 1}]}]
    Activity.objects.create(client="b", **common, input_data={"historicalOrders": orders})
    Activity.objects.create(client="c", **common, feedback={"userRating": 2}, metadata={"visit": "7", "tags": ["y"]})


@pytest.fixture
def found(tool, rows):
    def clients(wanted) -> str:
        text = wanted if isinstance(wanted, str) else json.dumps(wanted)
        answer = tool.get(f"{API}?sort=client&order=asc&filter={quote(text)}")
        assert answer.status_code == 200, answer.body
        assert answer.body["total"] == len(answer.body["data"])
        return "".join(activity["client"] for activity in answer.body["data"])

    return clients


@pytest.mark.parametrize(
    ("wanted", "clients"),
    [
        ({}, "abc"),
        ({"client": "a"}, "a"),
        ({"client": {"$gt": "a"}}, "bc"),
        ({"client": {"$gte": "b", "$lt": "c"}}, "b"),
        ({"status": "completed", "feedback.userRating": {"$gte": 4}}, "a"),
        ({"status": {"$in": ["completed", "failed"]}}, "a"),
        ({"status": {"$nin": ["completed"]}}, "bc"),
        ({"client": {"$in": []}}, ""),
        ({"processingTime": None}, "bc"),
        ({"processingTime": {"$ne": 0.5}}, "bc"),
        ({"processingTime": {"$exists": True}}, "a"),
        ({"createdAt": {"$gte": "2000-01-01T00:00:00Z"}}, "abc"),
        ({"createdAt": {"$lt": "2000-01-01T00:00:00"}}, ""),
        ({"aiModel.name": "m"}, "a"),
        ({"aiModel.confidence": {"$lte": 0.55}}, "a"),
        ({"recommendations.product": "gin"}, "a"),
        ({"inputData.historicalOrders.items.product": "tea"}, "b"),
        ({"inputData.historicalOrders.items.quantity": {"$gte": 3}}, "b"),
        ({"rep": "r", "activityType": "upsell", "updatedAt": {"$gt": "2000-01-01T00:00:00+14:00"}}, "abc"),
        ({"_id": {"$lte": "f"}}, "abc"),
        ({"insights.riskFactors": "May be leaving."}, "a"),
        ({"recommendations.product": {"$ne": "gin"}}, "bc"),
        ({"recommendations.confidence": {"$gt": 0.8}}, "a"),
        ({"recommendations.goesWith": None}, "abc"),
        ({"recommendations.goesWith": {"$exists": True}}, "a"),
        ({"feedback.acceptedRecommendations": "gin"}, "a"),
        ({"feedback.userRating": None}, "b"),
        ({"feedback.userRating": {"$eq": None}}, "b"),
        ({"feedback.userRating": {"$in": [None, 2]}}, "bc"),
        ({"feedback.userRating": {"$nin": [4]}}, "bc"),
        ({"feedback.userRating": {"$exists": False}}, "b"),
        ({"$not": {"feedback.userRating": {"$gte": 3}}}, "bc"),
        ({"feedback.userRating": 2.5}, ""),
        ({"feedback.userRating": {"$gt": 2.5}}, "a"),
        ({"$not": {"aiModel.confidence": {"$gt": 0.5}}}, "bc"),
        (f" {json.dumps({'client': 'a'})} ", "a"),
        ({"metadata.visit": 7}, "a"),
        ({"metadata.visit": 7.0}, "a"),
        ({"metadata.visit": "7"}, "c"),
        ({"metadata.visit": {"$lt": 10}}, "a"),
        ({"metadata.visit": {"$lt": 7}}, ""),
        ({"metadata.visit": {"$lte": 7}}, "a"),
        ({"metadata.visit": {"$gt": 7}}, ""),
        ({"metadata.visit": {"$gte": 7}}, "a"),
        ({"metadata.tags": "y"}, "ac"),
        ({"metadata.tags": {"$nin": ["x"]}}, "bc"),
        ({"metadata.visit": {"$in": [True, "7", "x"]}}, "c"),
        ({"metadata.visit": {"$in": [7, None]}}, "ab"),
        ({"metadata.visit": {"$nin": [7, None, 'a " || true']}}, "c"),
        ({"metadata.deep.er": True}, "a"),
        ({"metadata.nothing": None}, "abc"),
        ({"metadata.nothing": {"$exists": True}}, ""),
        ({"metadata.uneven.b.c": None}, "abc"),
        ({"metadata.uneven.b.c": {"$ne": None}}, ""),
        ({"metadata.deep.er": None}, "bc"),
        ({"metadata" + ".deeper" * 1000: None}, "abc"),
        ({"inputData.historicalOrders.items.product": None}, "abc"),
        ({"metadata.empty": {"$exists": True}}, "a"),
        ({"metadata.some": {"$exists": True}}, "a"),
        ({"metadata.rows.x": {"$exists": True}}, "a"),
        ({"metadata.rows": {"$exists": True}}, "a"),
        ({"metadata.rows.y": {"$exists": True}}, ""),
        ({"metadata.empty": {"$ne": "x"}}, "abc"),
        ({'metadata.it\'s "quoted"': 1}, ""),
        ({"$or": [{"client": "a"}, {"feedback.userRating": 2}]}, "ac"),
        ({"$and": [{"client": {"$gte": "b"}}, {"metadata.tags": "y"}]}, "c"),
        ({"$not": {"client": "a"}}, "bc"),
        ({"$not": {}}, ""),
        ({"$or": [{}, {"client": "a"}]}, "abc"),
        ({"$or": [{"client": "a"}, {}]}, "abc"),
        ({"client": {"$gte": "b"}, "$not": {"client": "c"}}, "b"),
        ({"$and": [{"$or": [{"$not": {"$and": [{"client": "a"}]}}]}]}, "bc"),
    ],
)
def test_a_filter_finds(found, wanted, clients):
    assert found(wanted) == clients


def test_a_bad_filter_is_told_though_nobody_can_be_asked_for(tool):
    assert tool.get(f"{API}?client=&filter=%7B").status_code == 400


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("", "JSON"),
        (" ", "JSON"),
        ("{", "JSON"),
        ('{"client": "a"}\0', "JSON"),
        ("[]", "object"),
        ('"x"', "object"),
        ({"colour": 1}, "colour"),
        ({"feedback.colour": 1}, "feedback.colour"),
        ({"recommendations.colour": 1}, "recommendations.colour"),
        ({"client.name": 1}, "client.name"),
        ({"metadata.": 1}, "metadata."),
        ({"client": 7}, "client"),
        ({"client": ["a"]}, "client"),
        ({"client": {"$like": "a"}}, "$like"),
        ({"client": {"name": "a"}}, "name"),
        ({"client": {}}, "client"),
        ({"client": {"$not": {"$eq": "a"}}}, "$not"),
        ({"client": {"$in": "a"}}, "$in"),
        ({"client": {"$in": ["a"] * 101}}, "100"),
        ({"client": {"$gt": None}}, "$gt"),
        ({"client": {"$exists": 1}}, "$exists"),
        ({"status": "done"}, "done"),
        ({"feedback.userRating": "4"}, "userRating"),
        ({"processingTime": True}, "processingTime"),
        ({"createdAt": {"$gt": "yesterday"}}, "createdAt"),
        ({"$and": {"client": "a"}}, "$and"),
        ({"$or": ["a"]}, "a"),
        ({"$not": [{}]}, "[{}]"),
        ({"$nor": []}, "$nor"),
        ({"$not": {"$not": {"$not": {"$not": {"$not": {}}}}}}, "5 levels"),
        ({"$or": [{"client": "a"}] * 51}, "50 comparisons"),
        ('{"client": ' + "[" * 1000 + "]" * 1000 + "}", "32 deep"),
        ('{"client": "\\u0000"}', "NUL"),
        ('{"metadata.a\\u0000b": 1}', "There is no field"),
        ('{"inputData.clientPreferences.a\\u0000": 1}', "There is no field"),
    ],
)
def test_what_is_no_filter_is_refused_with_the_part_that_is_wrong(tool, wanted, part):
    text = wanted if isinstance(wanted, str) else json.dumps(wanted)

    answer = tool.get(f"{API}?filter={quote(text)}")

    assert (answer.status_code, list(answer.body["details"])) == (400, ["filter"])
    assert part in answer.body["details"]["filter"][0]
    assert ".." not in answer.body["details"]["filter"][0]


def test_a_filter_that_keeps_the_database_long_is_refused(tool, db, monkeypatch):
    monkeypatch.setattr(reading, "LONGEST_SECONDS", 0.001)
    Activity.objects.bulk_create(Activity(client="a", rep="r", recommendations=LINES * 20) for _ in range(300))
    wanted = {"$or": [{"recommendations.reason": {"$gt": f"z{number}"}} for number in range(50)]}

    answer = tool.get(f"{API}?filter={quote(json.dumps(wanted))}")

    assert answer.status_code == 400
    assert "narrow the list" in answer.body["details"]["filter"][0]


def test_limits_are_inclusive(found):
    assert found({"$or": [{"client": "a"}] * 50}) == "a"
    assert found({"client": {"$in": ["a"] * 100}}) == "a"
    assert found({"$not": {"$not": {"$not": {"$not": {"client": "a"}}}}}) == "a"


@pytest.mark.parametrize(
    ("words", "clients"),
    [
        ("gin", "a"),
        ("GIN beer", "a"),
        ("london", "a"),
        ("ordered", "a"),
        ("leaving", "a"),
        ("sampled", "a"),
        ("b", "b"),
        ("r", "abc"),
        ("visit", ""),
        ("gin -beer", ""),
        ("gin or c", "ac"),
        ('"no such"', ""),
        ("", "abc"),
        ("!!", ""),
    ],
)
def test_search_finds_words_in_what_was_suggested_and_said(tool, rows, words, clients):
    answer = tool.get(f"{API}?sort=client&order=asc&search={quote(words)}")

    assert "".join(activity["client"] for activity in answer.body["data"]) == clients
