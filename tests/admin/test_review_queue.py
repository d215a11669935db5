"""The list of reviews: what is on it in which order, and the products most rejected under it."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from recommender.models import SuggestedLine
from tests.admin.reviews import item_of
from tests.wholesale import AS_OF_LAST_DAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house", "only_lists_of_old_versions")]


def test_the_queue_shows_the_most_urgent_first(ops, tool, say):
    light, heavy = (tool.generated(client=client, aiModel=AS_OF_LAST_DAY) for client in ("cafe-01", "cafe-02"))
    say(light, comments="hm")
    say(heavy, userRating=1, comments="no")

    listed = ops.get(reverse("admin:activities_reviewitem_changelist")).context["cl"].result_list

    assert [item.activity_id for item in listed] == [heavy["_id"], light["_id"]]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, {"cafe-01", "cafe-02"}), ({"state": "mine"}, {"cafe-02"}), ({"state": "closed"}, {"cafe-03"}),
        ({"state": "all"}, {"cafe-01", "cafe-02", "cafe-03"}), ({"state": "snoozed"}, set()),
        ({"rule": "low-rating"}, {"cafe-01"}), ({"rule": "comment"}, {"cafe-02"}), ({"q": "cafe-02"}, {"cafe-02"}),
    ],
)  # fmt: skip
def test_the_queue_is_narrowed_by_state_rule_and_person(ops, tool, say, decide, filters, found):
    rated, mine, closed = (tool.generated(client=f"cafe-0{n}", aiModel=AS_OF_LAST_DAY) for n in (1, 2, 3))
    say(rated, userRating=1)
    say(mine, comments="hm")
    say(closed, comments="hm")
    decide(item_of(mine), "keep", comments="hm", assigned_to=User.objects.get(username="olga").pk)
    decide(item_of(closed), "close", comments="hm", reason="solved")

    listed = ops.get(reverse("admin:activities_reviewitem_changelist"), filters).context["cl"].result_list

    assert {item.activity.client for item in listed} == found


def test_products_most_rejected_stand_under_the_queue(ops, tool, say):
    for client in ("cafe-01", "cafe-02"):
        say(tool.generated(client=client, aiModel=AS_OF_LAST_DAY), rejectedRecommendations=["coffee"])

    [coffee] = ops.get(reverse("admin:activities_reviewitem_changelist")).context["most_rejected"]

    assert (coffee["product"], coffee["rejected"], coffee["answered"]) == ("coffee", 2, 2)


def test_a_product_most_rejected_leads_to_the_lines_that_were_counted(ops, tool, say):
    counted, long_ago = (tool.generated(client=client, aiModel=AS_OF_LAST_DAY) for client in ("cafe-01", "cafe-02"))
    for activity in (counted, long_ago, tool.file(client="cafe-03")):  # to the last nothing was suggested
        say(activity, rejectedRecommendations=["coffee"])
    answer = SuggestedLine.objects.filter(activity=long_ago["_id"], product="coffee")
    answer.update(outcome_at=timezone.now() - timedelta(days=91))

    page = ops.get(reverse("admin:activities_reviewitem_changelist")).content.decode()
    [address] = re.findall(r'href="([^"]*product__exact=coffee[^"]*)"', page)
    listed = ops.get(unescape(address)).context["cl"].result_list

    assert [line.activity for line in listed] == [counted["_id"]]
