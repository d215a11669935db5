"""The admin is usable for every model, by those who may."""

import re
from datetime import UTC, datetime

import pghistory.models
import pytest
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client as HttpClient
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from activities.admin.batches import ACT
from activities.models import Activity, ApiKey, RegenerationRun, Schedule
from recommender.loading.merge import merge_orders
from recommender.models import Client, ModelVersion, Order, Product, SalesRep, SuggestedLine
from tests.conftest import Tool
from tests.service import API

RUN_PAGES = ("regenerationrun", "schedule")


@pytest.mark.parametrize("model", [ApiKey, User])
def test_what_is_for_a_superuser_alone_opens(superuser, tool, model):
    listed = superuser.get(reverse(f"admin:{label(model)}_changelist"), {"q": "a"})
    opened = superuser.get(reverse(f"admin:{label(model)}_change", args=[model.objects.first().pk]))

    assert (listed.status_code, opened.status_code) == (200, 200)


@pytest.mark.parametrize("model", [Client, Product, SalesRep, Order, ApiKey, User, Group])
def test_what_may_be_added_has_a_form_for_it(superuser, wholesale_house, model):
    listed = superuser.get(reverse(f"admin:{label(model)}_changelist"))
    add = reverse(f"admin:{label(model)}_add")

    assert add in listed.content.decode()
    assert superuser.get(add).status_code == 200


@pytest.mark.parametrize(
    ("model", "fields"), [(Client, {}), (Product, {"pack_size": "6", "min_order_quantity": "1", "active": "on"})]
)
def test_a_superuser_adds_a_client_and_a_product(superuser, wholesale_house, model, fields):
    add = reverse(f"admin:{label(model)}_add")

    page = superuser.post(add, {"external_id": "new-1", "name": "New"} | fields, follow=True)

    assert "was added successfully" in page.content.decode()
    assert model.objects.get(external_id="new-1").name == "New"


def test_an_activity_shows_its_suggestions_as_a_table(ops, tool, wholesale_house):
    activity = tool.generated(client="cafe-01", feedback={"rejectedRecommendations": ["coffee"]})

    page = ops.get(reverse("admin:activities_activity_change", args=[activity["_id"]])).content.decode()

    assert "Ordered in " in page
    assert "Coffee" in page
    assert "rejected" in page
    assert page.index("Ordered in ") < page.index("&quot;confidence&quot;")


def test_prices_of_less_than_a_cent_are_shown_whole(ops, tool, wholesale_house):
    activity = Activity.objects.get(pk=tool.generated(client="cafe-01")["_id"])
    activity.recommendations[0]["price"] = 0.0125
    activity.generated_order["items"][0]["price"] = 0.0125
    activity.save()
    coffee = Product.objects.get(external_id="coffee")
    coffee.order_lines.filter(pk=coffee.order_lines.latest("order__ordered_at", "pk").pk).update(unit_price="0.0125")

    page = ops.get(reverse("admin:activities_activity_change", args=[activity.pk])).content.decode()
    of_product = ops.get(reverse("admin:recommender_product_change", args=[coffee.pk])).content.decode()

    assert page.count(">0.0125</td>") == 2
    assert of_product.count(">0.0125</td>") == 1


def test_a_failed_activity_says_why(ops, tool, wholesale_house):
    activity = Activity.objects.get(pk=tool.file(client="cafe-01")["_id"])
    activity.status, activity.metadata = Activity.Status.FAILED, {"failure": "ValueError: broken"}
    activity.save()

    page = ops.get(reverse("admin:activities_activity_change", args=[activity.pk])).content.decode()

    assert "ValueError: broken" in page


def test_ops_regenerates_and_cancels_from_the_list(ops, tool, wholesale_house):
    waiting, cancelled = tool.file(client="cafe-01"), tool.file(client="cafe-02")
    address = reverse("admin:activities_activity_changelist")

    ops.post(address, {"action": "cancel", "_selected_action": [cancelled["_id"]], "confirmed": "1"})
    answer = ops.post(
        address,
        {"action": "regenerate", "confirmed": "1", "_selected_action": [waiting["_id"], cancelled["_id"]]},
        follow=True,
    )

    assert Activity.objects.get(pk=waiting["_id"]).status == "completed"
    assert Activity.objects.get(pk=cancelled["_id"]).status == "cancelled"
    assert "Regenerated 1." in answer.content.decode()
    assert "The activity is cancelled" in answer.content.decode()


def test_what_cannot_be_done_to_several_for_one_reason_is_told_once(ops, tool, wholesale_house):
    done = [tool.generated(client=f"cafe-0{n}")["_id"] for n in range(3)]
    wanted = {"action": "cancel", "_selected_action": done, "confirmed": "1"}

    page = ops.post(reverse("admin:activities_activity_changelist"), wanted, follow=True).content.decode()

    assert "3 activities: The activity is completed: there is nothing left to cancel." in page
    assert page.count("there is nothing left to cancel") == 1


def test_an_activity_that_is_deleted_meanwhile_is_told_and_keeps_no_other_from_being_done(
    ops, tool, wholesale_house, monkeypatch
):
    gone, left = tool.file(client="cafe-01")["_id"], tool.file(client="cafe-02")["_id"]
    monkeypatch.setitem(ACT, "cancel", deleting_before(gone, ACT["cancel"]))
    wanted = {"action": "cancel", "_selected_action": [gone, left], "confirmed": "1"}

    page = ops.post(reverse("admin:activities_activity_changelist"), wanted, follow=True).content.decode()

    assert "Cancelled 1." in page
    assert f"Activity {gone}: It is not there any more." in page
    assert Activity.objects.get(pk=left).status == "cancelled"


def deleting_before(gone, act):
    """The act, before which somebody deletes that activity."""

    def delete_and_act(pk):
        Activity.objects.filter(pk=gone).delete()
        return act(pk)

    return delete_and_act


def test_ops_reopens_what_was_cancelled_and_nothing_else(ops, tool, wholesale_house):
    cancelled, done = tool.file(client="cafe-01"), tool.generated(client="cafe-02")
    tool.post(path=f"{API}/{cancelled['_id']}/cancel")

    answer = ops.post(
        reverse("admin:activities_activity_changelist"),
        {"action": "reopen", "confirmed": "1", "_selected_action": [cancelled["_id"], done["_id"]]},
        follow=True,
    )

    assert "Reopened 1." in answer.content.decode()
    assert Activity.objects.get(pk=done["_id"]).status == "completed"
    assert tool.generate(cancelled["_id"]).status_code == 200


def test_a_key_made_in_the_admin_is_shown_once_and_is_revoked_after_being_asked(superuser):
    answer = superuser.post(
        reverse("admin:activities_apikey_add"), {"name": "tablet", "rep": "", "_save": "1"}, follow=True
    )
    token = answer.content.decode().split("API key: ")[1].split(" ")[0]
    key = ApiKey.objects.get(name="tablet")

    assert Tool(token).get().status_code == 200
    revoke = {"action": "revoke", "_selected_action": [key.pk]}
    asked = superuser.post(reverse("admin:activities_apikey_changelist"), revoke).content.decode()
    assert "Revoke 1 API key?" in asked
    assert "It cannot be undone." in asked
    assert Tool(token).get().status_code == 200
    superuser.post(reverse("admin:activities_apikey_changelist"), revoke | {"confirmed": "1"})
    assert Tool(token).get().status_code == 401


def test_staff_without_permissions_sees_no_activity(client, tool):
    activity = tool.file()
    client.force_login(User.objects.create_user("newcomer", is_staff=True))

    assert client.get(reverse("admin:activities_activity_change", args=[activity["_id"]])).status_code == 403


def test_the_admin_is_found_without_its_slash_and_leads_to_no_other_site(ops):
    found = ops.get("/admin")
    pages = [ops.get(reverse("admin:index")), HttpClient().get(reverse("admin:login"))]

    assert (found.status_code, found["Location"]) == (302, "/admin/")
    assert [page for page in pages if re.search("View site|Return to site", page.content.decode())] == []


def test_there_is_no_way_to_a_page_of_another_site(ops):
    without_table = ContentType.objects.get_for_model(pghistory.models.Events)

    assert ops.get(f"/admin/r/{without_table.pk}/1/").status_code == 404


def test_who_opens_the_login_page_itself_comes_to_the_dashboard(client, admin_user):
    answer = client.post(reverse("admin:login"), {"username": admin_user.username, "password": "password"})

    assert answer.headers["location"] == reverse("admin:index")


def test_runs_and_schedules_can_be_looked_at_and_not_changed(superuser, db):
    RegenerationRun.objects.create(total=3)
    Schedule.objects.create(name="training", cron="0 1 * * *", next_run_at="2031-01-02T01:00Z")

    pages = [superuser.get(reverse(f"admin:activities_{name}_changelist")).content.decode() for name in RUN_PAGES]
    address = reverse("admin:activities_schedule_change", args=[Schedule.objects.get().pk])
    change = superuser.post(address, {"cron": "* * * * *"})

    assert "0 completed, 0 failed, 0 waiting, 3 left out" in pages[0]
    assert "2031-01-02 01:00" in pages[1]
    assert change.status_code == 403


@pytest.mark.django_db(transaction=True)  # else the first query that PostgreSQL refuses would end the test's own
def test_a_wrong_value_in_the_address_of_a_list_leads_back_to_the_list(superuser):
    asked = [
        (ProcrastinateJob, "status__exact=bogus"), (Activity, "created_at__year=9999999"), (Activity, "rep__range=a"),
        (Activity, "rep__icontains=%00"), (Client, "segment__regex=("), (SuggestedLine, "outcome_at__year=9999999"),
        (ModelVersion, f"created_at__year={'9' * 25}"), (User, "date_joined__year=9999999"),
    ]  # fmt: skip

    answers = [superuser.get(f"{reverse(f'admin:{label(model)}_changelist')}?{query}") for model, query in asked]

    assert [(answer.status_code, answer["Location"].partition("?")[2]) for answer in answers] == [(302, "e=1")] * 8
    assert superuser.get(answers[0]["Location"]).status_code == 200


def test_a_list_offers_to_show_all_where_it_is_narrowed_alone(ops, wholesale_house):
    orders = reverse("admin:recommender_order_changelist")

    pages = [ops.get(f"{orders}{query}").content.decode() for query in ("", "?o=1&p=2", "?q=cafe", "?source__exact=x")]

    assert ["Show all" in page for page in pages] == [False, False, True, True]


def label(model):
    return model._meta.label_lower.replace(".", "_")


@pytest.mark.parametrize("year", [2062, 1])
def test_orders_of_a_date_to_come_or_of_none_are_none_of_the_clients_orders_so_far(ops, tool, wholesale_house, year):
    activity = tool.generated(client="cafe-01", activityType="order-analysis")
    strange = {
        "external_id": "strange",
        "client": "cafe-01",
        "rep": "rep-0",
        "ordered_at": datetime(year, 11, 26, tzinfo=UTC),
    }
    merge_orders([strange | {"lines": [{"product": "truffles", "quantity": 1, "unit_price": 1}]}], source="test")

    addresses = [
        reverse("admin:activities_activity_change", args=[activity["_id"]]),
        reverse("admin:recommender_client_change", args=[Client.objects.get(external_id="cafe-01").pk]),
        reverse("admin:recommender_product_change", args=[Product.objects.get(external_id="truffles").pk]),
    ]
    pages = [ops.get(address).content.decode() for address in addresses]

    so_far = Order.objects.filter(client__external_id="cafe-01", lines__quantity__gt=0, ordered_at__year=2025)
    last = so_far.latest("ordered_at").ordered_at
    assert f"{so_far.distinct().count()} orders placed; the last on" in pages[0]
    assert f"the last on {last:%Y-%m-%d}." in pages[0]
    assert [page for page in pages if "strange" in page or f"{year}-11-26" in page] == []


def test_orders_of_an_activity_are_those_placed_and_their_rhythm_is_told_in_its_insights_alone(
    ops, tool, wholesale_house
):
    """Two orders 6.6 days apart, and a third that was sent back whole."""
    lines = [{"product": "coffee", "quantity": 2, "unit_price": 4}]
    moments = ["2025-09-01T08:00Z", "2025-09-07T22:24Z", "2025-09-09T08:00Z", "2025-09-10T08:00Z"]
    placed = [
        {"external_id": f"rare-{n}", "client": "rare", "ordered_at": datetime.fromisoformat(moment), "lines": lines}
        for n, moment in enumerate(moments)
    ]
    placed[-1] |= {"lines": [lines[0] | {"quantity": -2}]}
    merge_orders(placed, source="test")
    activity = tool.generated(client="rare", activityType="order-analysis")

    page = ops.get(reverse("admin:activities_activity_change", args=[activity["_id"]])).content.decode()

    assert "3 orders placed; the last on 2025-09-09." in page
    assert "2 orders since 2025-09-01; the last on 2025-09-07" in page
    assert re.findall(r"every \d+[^<]*", page)[:1] == ["every 6 days in the median."]


def test_what_an_order_came_to_is_told_where_every_line_has_a_price(ops, tool, wholesale_house):
    activity = tool.file(client="cafe-01")
    lines = [{"product": "coffee", "quantity": 2, "unit_price": 4321}, {"product": "brie", "quantity": 1}]
    half_priced = {"client": "cafe-01", "rep": "rep-0", "ordered_at": timezone.now()}
    merge_orders(
        [
            half_priced | {"external_id": "half", "lines": lines},
            half_priced | {"external_id": "whole", "lines": [*lines[:1], lines[1] | {"unit_price": 1}]},
        ],
        source="test",
    )

    pages = [
        ops.get(address).content.decode()
        for address in [
            reverse("admin:activities_activity_change", args=[activity["_id"]]),
            reverse("admin:recommender_client_change", args=[Client.objects.get(external_id="cafe-01").pk]),
        ]
    ]

    for page in pages:
        assert "8,643.00" in page
        assert "8,642.00" not in page


def test_a_forecast_tells_the_total_with_its_interval_and_draws_the_mean_of_a_week(ops, tool):
    activity = Activity.objects.get(pk=tool.file(client="cafe-01", activityType="demand-forecasting")["_id"])
    brie = {
        "product": "brie",
        "history": [{"from": "2026-11-16", "units": 0}, {"from": "2026-11-23", "units": 2}],
        "forecast": {"from": "2026-11-27", "to": "2026-12-25", "units": 4, "low": 2, "high": 6, "level": 0.84},
    }
    activity.insights = {"seasonality": {"products": [brie]}}
    activity.save()

    page = ops.get(reverse("admin:activities_activity_change", args=[activity.pk])).content.decode()

    assert "brie: units a week</figcaption>" in page
    assert "Forecast: 4 units in the 28 days from 2026-11-27; 2 to 6 with a probability of 84%." in page
    assert (
        page.count('<th scope="row">+1 w</th><td class="ops-right">\N{EN DASH}</td><td class="ops-right">1</td>') == 1
    )
