"""What a client gets of whom little or nothing is known."""

from datetime import timedelta

import pytest

from recommender.loading.merge import merge_clients, merge_orders
from recommender.registry import promote
from recommender.requests import SuggestionRequest
from recommender.suggestions import suggest
from recommender.training import train_version
from tests.wholesale import EXTRAS, LAST_DAY, STAPLES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house")]


def suggested(client, orders=(), **parameters):
    request = SuggestionRequest(
        client=client, purpose="recommendation", now=LAST_DAY, orders=list(orders), parameters={"limit": 5} | parameters
    )
    return suggest([request])[0]


def products(result):
    return [line["product"] for line in result.recommendations]


def inline(*names):
    return [{"date": "2025-10-20", "items": [{"product": name, "quantity": 6} for name in names]}]


@pytest.mark.parametrize("segment", ["cafe", "bar"])
def test_a_new_client_gets_what_its_segment_buys(segment):
    merge_clients([{"external_id": "new", "segment": segment}])

    assert set(products(suggested("new"))[:3]) == set(STAPLES[segment])


def test_nothing_is_said_of_the_orders_of_a_client_that_has_none():
    merge_clients([{"external_id": "new", "segment": "cafe"}])

    reasons = {line["product"]: line["reason"] for line in suggested("new", limit=20).recommendations}

    lately = "Never ordered here; bought from 2025-08-03 to 2025-11-01 by"
    assert reasons["milk"] == f"{lately} 20 of the 20 clients of the segment cafe ordering then."
    assert reasons["beer"] == f"{lately} 20 of the 40 clients ordering then."  # in no cafe
    assert all("similar orders" not in reason for reason in reasons.values())


def test_the_chain_says_more_than_the_segment():
    merge_clients([{"external_id": "spirits", "segment": "bar"}])
    merge_clients([{"external_id": f"spirits-{n}", "segment": "bar", "chain": "spirits"} for n in range(6)])
    merge_orders(
        [
            {"external_id": f"spirits-{n}-{week}", "client": f"spirits-{n}", "rep": "rep-0",
             "ordered_at": LAST_DAY - timedelta(days=7 * week + 1),
             "lines": [{"product": "gin", "quantity": 6}, {"product": "tonic", "quantity": 12}]}
            for n in range(6)
            for week in range(6)
        ],
        source="test",
    )  # fmt: skip
    merge_clients([{"external_id": "plain", "segment": "bar"}])
    merge_clients([{"external_id": "branch", "segment": "bar", "chain": "spirits"}])
    promote(train_version(LAST_DAY))

    assert set(products(suggested("branch"))[:2]) == {"gin", "tonic"}
    assert products(suggested("branch")) != products(suggested("plain"))


def test_orders_brought_along_point_a_stranger_to_what_goes_with_them():
    bar, cafe = (suggested("nobody", inline(*STAPLES[segment][:2])) for segment in ("bar", "cafe"))

    assert STAPLES["bar"][2] in products(bar)[:4]
    assert STAPLES["cafe"][2] in products(cafe)[:4]
    assert not set(products(bar)) & set(STAPLES["cafe"] + EXTRAS["cafe"])


def test_one_order_alone_makes_nothing_certain():
    result = suggested("nobody", inline("coffee", "milk"))

    assert max(line["confidence"] for line in result.recommendations) < 0.95


def test_an_answer_for_a_stranger_says_that_it_rests_on_others():
    result = suggested("nobody")

    assert result.recommendations
    assert any("No order of this client is known" in said for said in result.insights["riskFactors"])
