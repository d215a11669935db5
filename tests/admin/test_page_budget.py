"""No page of the admin asks the database more than it has to."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from activities.job_queue import drop_generation, queue_generation
from activities.models import Activity, RegenerationRun, ReviewItem, ReviewRule, Schedule
from activities.runs import queue_run_of, start_run
from activities.selection import Selection
from recommender.models import Client, ModelVersion, Order, Product, SalesRep, SuggestedLine
from tests.wholesale import AS_OF_LAST_DAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house")]
MOST_QUERIES = 30
LISTS = [
    Activity, ReviewItem, ReviewRule, SuggestedLine, Client, Product, Order, SalesRep, ModelVersion, RegenerationRun,
    Schedule, ProcrastinateJob,
]  # fmt: skip


@pytest.fixture
def ops(ops, tool):
    """Someone at work in a house with lists of every type, each with feedback."""
    feedback = {"acceptedRecommendations": ["coffee"], "rejectedRecommendations": ["milk"], "comments": "hm"}
    for number, kind in enumerate(Activity.Type.values):
        activity = tool.generated(client=f"cafe-{number:02}", activityType=kind, aiModel=AS_OF_LAST_DAY)
        tool.patch(activity["_id"], {"feedback": feedback})
        tool.generate(activity["_id"])
        queue_generation(activity["_id"])
        start_run(Selection(types=[kind]), chunk_size=1)
        queue_run_of([activity["_id"]])
    Schedule.objects.create(name="training", cron="0 1 * * *", next_run_at="2031-01-02T01:00Z")
    return ops


def address(model, page):
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_{page}", args=page_args(model, page))


def page_args(model, page):
    return [model.objects.last().pk] if page == "change" else []


def queries_of(client, path):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize("model", [RegenerationRun, ProcrastinateJob])
def test_more_work_on_a_list_asks_no_more(ops, tool, model):
    more = queries_of(ops, address(model, "changelist"))
    RegenerationRun.objects.exclude(pk=RegenerationRun.objects.first().pk).delete()
    drop_generation(Activity.objects.first().pk)

    assert queries_of(ops, address(model, "changelist")) == more


def test_the_dashboard_stays_within_the_budget(ops):
    assert queries_of(ops, reverse("admin:index")) <= MOST_QUERIES


@pytest.mark.parametrize("model", LISTS)
def test_lists_and_pages_stay_within_the_budget(ops, model):
    assert queries_of(ops, address(model, "changelist")) <= MOST_QUERIES
    assert queries_of(ops, address(model, "changelist") + "?q=a") <= MOST_QUERIES
    assert queries_of(ops, address(model, "change")) <= MOST_QUERIES


@pytest.mark.parametrize("model", LISTS)
def test_no_list_counts_what_each_filter_would_find(ops, model):
    with CaptureQueriesContext(connection) as queries:
        page = ops.get(address(model, "changelist") + "?_facets=True").content.decode()

    assert "Show counts" not in page
    assert [query["sql"] for query in queries if '"0__c"' in query["sql"]] == []


@pytest.mark.parametrize("action", ["", "export_csv", "export_xlsx"])
def test_lists_and_exports_leave_what_they_do_not_show_in_the_database(ops, action):
    listed = {"action": action, "_selected_action": list(Activity.objects.values_list("pk", flat=True))}

    with CaptureQueriesContext(connection) as queries:
        path = address(Activity, "changelist")
        answer = ops.post(path, listed) if action else ops.get(path)
        content = b"".join(answer)

    assert content
    assert [query["sql"] for query in queries if '"input_data"' in query["sql"] or '"insights"' in query["sql"]] == []


@pytest.mark.parametrize("model", [Activity, ReviewItem])
def test_a_longer_list_asks_no_more(ops, tool, model):
    short = queries_of(ops, address(model, "changelist"))
    for number in range(5, 9):
        tool.generated(client=f"cafe-{number:02}", feedback={"comments": "hm"}, aiModel=AS_OF_LAST_DAY)

    assert queries_of(ops, address(model, "changelist")) == short
