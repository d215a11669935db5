"""How much the admin does at once, as docs/admin.md has it."""

import pytest
from django.conf import settings
from django.urls import reverse

from activities import export
from activities.admin import activity as activity_admin
from activities.admin import activity_actions
from activities.models import Activity
from recommender.models import Client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house")]
LIST = "admin:activities_activity_changelist"


def test_the_guide_names_the_limits():
    guide = " ".join((settings.BASE_DIR / "docs" / "admin.md").read_text().split())

    assert f"of the first {activity_admin.MOST_NAMED:,} clients so named" in guide
    assert f"reopening take {activity_actions.MOST_AT_ONCE} at once; exports take {export.MOST_ROWS:,} rows" in guide


@pytest.fixture
def three(tool):
    return [tool.file(client=f"cafe-0{number}")["_id"] for number in range(3)]


def act(ops, what, chosen):
    return ops.post(reverse(LIST), {"action": what, "_selected_action": chosen, "confirmed": "1"}, follow=True)


def statuses(chosen):
    return list(Activity.objects.filter(pk__in=chosen).values_list("status", flat=True))


@pytest.mark.parametrize(
    ("what", "before", "after"), [("cancel", "processing", "cancelled"), ("reopen", "cancelled", "processing")]
)
def test_so_many_and_no_more_are_cancelled_or_reopened_at_once(ops, three, monkeypatch, what, before, after):
    monkeypatch.setattr(activity_actions, "MOST_AT_ONCE", 2)
    Activity.objects.update(status=before)

    refused = act(ops, what, three).content.decode()
    left = statuses(three)
    act(ops, what, three[:2])

    assert "At most 2 at once; narrow the list first." in refused
    assert left == [before] * 3
    assert sorted(statuses(three)) == sorted([after, after, before])


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_so_many_rows_and_no_more_are_exported(ops, three, monkeypatch, kind):
    monkeypatch.setattr(export, "MOST_ROWS", 2)

    refused = act(ops, f"export_{kind}", three)
    exported = act(ops, f"export_{kind}", three[:2])

    assert "At most 2 rows at once; narrow the list." in refused.content.decode()
    assert exported["Content-Disposition"].endswith(f'.{kind}"')


def test_a_search_by_name_finds_the_activities_of_so_many_clients_and_no_more(ops, three, monkeypatch):
    monkeypatch.setattr(activity_admin, "MOST_NAMED", 2)
    Client.objects.filter(external_id__in=["cafe-00", "cafe-01", "cafe-02"]).update(name="Trattoria")

    found = ops.get(reverse(LIST), {"q": "tratto"}).context["cl"].result_list

    assert len(found) == 2
