"""The dashboard says what is, and leads to it."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from activities.dashboard import reckon_uptake
from recommender.models import ModelVersion, SuggestedLine
from recommender.registry import promote
from tests.admin.people import ops_user
from tests.wholesale import LAST_DAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house")]
AS_OF = {"parameters": {"asOf": LAST_DAY.isoformat()}}


@pytest.fixture(autouse=True)
def nothing_kept():
    cache.clear()


@pytest.fixture
def ops(client, db):
    client.force_login(ops_user())
    return client


@pytest.fixture
def answered(tool):
    """Two of three lines accepted, of which one is ordered two days later."""
    activity = tool.generated(client="cafe-03", rep="rep-7", aiModel=AS_OF)
    accepted, also, rejected = [line["product"] for line in activity["recommendations"][:3]]
    feedback = {"acceptedRecommendations": [accepted, also], "rejectedRecommendations": [rejected], "userRating": 4}
    tool.patch(activity["_id"], {"feedback": feedback})
    order = {"order": "A-1", "client": "cafe-03", "date": (timezone.now() + timedelta(days=2)).isoformat()}
    tool.post({"items": [order | {"items": [{"product": accepted, "quantity": 2}]}]}, "/orders")
    return activity


def test_uptake_counts_answers_by_type_rep_and_version(answered):
    taken_up = reckon_uptake()

    for each in (taken_up.total, taken_up.by_type["recommendation"], taken_up.by_rep["rep-7"]):
        assert (each.answered, each.accepted, each.converted) == (3, 2, 1)
    assert taken_up.total.acceptance == pytest.approx(2 / 3)
    assert taken_up.total.conversion == pytest.approx(1 / 2)
    assert sum(each.answered for each in taken_up.by_week.values()) == 3
    assert [each.answered for each in taken_up.by_version.values()] == [3]


def test_money_is_told_as_it_was_suggested(answered):
    lines = answered["recommendations"]
    amount = [line["quantity"] * line["price"] for line in lines]

    taken_up = reckon_uptake()

    assert taken_up.suggested_money == pytest.approx(sum(amount))
    assert taken_up.total.accepted_money == pytest.approx(sum(amount[:2]))
    assert taken_up.total.ordered_money == pytest.approx(amount[0])


def test_every_number_leads_to_the_rows_behind_it(ops, answered, tool):
    tool.file(client="cafe-04")
    page = ops.get(reverse("admin:index")).content.decode()
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/admin/[^"]*\?[^"]*)"', page)}

    pages = {link: ops.get(link) for link in links}

    assert {answer.status_code for answer in pages.values()} == {200}
    [accepted] = [answer for link, answer in pages.items() if "outcome__exact=accepted" in link]
    assert accepted.context["cl"].result_count == 2
    [processing] = [answer for link, answer in pages.items() if link.endswith("?status__exact=processing")]
    assert processing.context["cl"].result_count == 1


def test_an_ab_test_is_compared_by_clients_with_its_interval(ops, tool, answered):
    older = ModelVersion.objects.active().get()
    newer = ModelVersion.objects.get(pk=older.pk)
    newer.pk, newer.number = None, older.number + 1
    newer.save()
    promote(newer, 0.5)
    ModelVersion.objects.update(activated_at=timezone.now() - timedelta(days=1))
    SuggestedLine.objects.filter(activity=answered["_id"]).update(model_version=older)
    other = tool.generated(client="cafe-05", aiModel=AS_OF)
    tool.patch(other["_id"], {"feedback": {"acceptedRecommendations": [other["recommendations"][0]["product"]]}})
    SuggestedLine.objects.filter(activity=other["_id"]).update(model_version=newer)

    comparison = ops.get(reverse("admin:index")).context["comparison"]

    assert comparison.clients == (1, 1)
    assert [side.value for side in comparison.acceptance] == [pytest.approx(2 / 3), 1]
    assert comparison.difference.value == pytest.approx(1 / 3)
    assert comparison.difference.low <= comparison.difference.value <= comparison.difference.high


def test_an_empty_house_has_a_dashboard_too(client, empty_house):
    client.force_login(ops_user())

    page = client.get(reverse("admin:index"))

    assert "None trained yet." in page.content.decode()
