"""No page of the admin asks the database more than it has to."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activities.models import Activity, ReviewItem
from recommender.models import Client, ModelVersion, Order, Product, SuggestedLine
from tests.admin.people import ops_user
from tests.wholesale import LAST_DAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house")]
MOST_QUERIES = 30
AS_OF = {"parameters": {"asOf": LAST_DAY.isoformat()}}
LISTS = [Activity, ReviewItem, SuggestedLine, Client, Product, Order, ModelVersion]


@pytest.fixture
def ops(client, tool):
    """Someone at work in a house with lists of every type, each with feedback."""
    feedback = {"acceptedRecommendations": ["coffee"], "rejectedRecommendations": ["milk"], "comments": "hm"}
    for number, kind in enumerate(Activity.Type.values):
        activity = tool.generated(client=f"cafe-{number:02}", activityType=kind, aiModel=AS_OF)
        tool.patch(activity["_id"], {"feedback": feedback})
        tool.generate(activity["_id"])
    client.force_login(ops_user())
    return client


def address(model, page):
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_{page}", args=page_args(model, page))


def page_args(model, page):
    return [model.objects.last().pk] if page == "change" else []


def queries_of(client, path):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_the_dashboard_stays_within_the_budget(ops):
    assert queries_of(ops, reverse("admin:index")) <= MOST_QUERIES


@pytest.mark.parametrize("page", ["changelist", "change"])
@pytest.mark.parametrize("model", LISTS)
def test_lists_and_pages_stay_within_the_budget(ops, model, page):
    assert queries_of(ops, address(model, page)) <= MOST_QUERIES


@pytest.mark.parametrize("model", [Activity, ReviewItem])
def test_a_longer_list_asks_no_more(ops, tool, model):
    short = queries_of(ops, address(model, "changelist"))
    for number in range(5, 9):
        tool.generated(client=f"cafe-{number:02}", feedback={"comments": "hm"}, aiModel=AS_OF)

    assert queries_of(ops, address(model, "changelist")) == short
