"""Activities that `create_activities` files for many clients."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from activities.models import Activity
from recommender.loading.merge import merge_clients, merge_orders
from tests.service import API
from tests.wholesale import LAST_DAY

pytestmark = pytest.mark.usefixtures("wholesale_house", "db")


def test_one_activity_is_filed_for_each_client_that_orders(capsys):
    call_command("create_activities", "--type", "upsell", "--clients", "all")
    call_command("create_activities", "--type", "upsell", "--clients", "all")

    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("40 activities filed, 0 clients")
    assert said[1].startswith("0 activities filed, 40 clients have one that waits")
    filed = Activity.objects.order_by("id")
    assert list(filed.values_list("client", "rep")[:2]) == [("bar-00", "rep-0"), ("bar-01", "rep-1")]
    assert filed.filter(id__regex="^[0-9a-f]{24}$", status="processing").count() == 40


def test_another_type_or_one_that_is_done_keeps_no_client_from_having_one_filed(capsys):
    for kind, status in (("upsell", "processing"), ("cross-sell", "completed")):
        Activity.objects.create(client="cafe-04", rep="r", activity_type=kind, status=status)

    for kind in ("upsell", "cross-sell", "recommendation"):
        call_command("create_activities", "--type", kind, "--clients", "cafe-04")

    assert [said.split(" ")[0] for said in capsys.readouterr().out.splitlines()] == ["0", "1", "1"]


def test_a_client_that_has_only_returned_something_is_none_that_orders(capsys):
    back = {
        "external_id": "R1",
        "client": "new",
        "ordered_at": LAST_DAY,
        "lines": [{"product": "milk", "quantity": -2}],
    }
    merge_orders([back], source="test")

    call_command("create_activities", "--type", "upsell", "--clients", "all", "--rep", "rep-0", "--dry-run")

    assert capsys.readouterr().out.startswith("40 activities would be filed")


@pytest.mark.parametrize("day", [datetime(9999, 1, 1, tzinfo=UTC), datetime(1900, 1, 1, tzinfo=UTC)])
def test_a_client_whose_orders_do_not_count_yet_or_ever_is_none_that_orders(capsys, day):
    milk = [{"product": "milk", "quantity": 2}]
    ahead = {"external_id": "A1", "client": "new", "rep": "rep-1", "ordered_at": day, "lines": milk}
    merge_orders([ahead], source="test")

    call_command("create_activities", "--type", "upsell", "--clients", "all", "--dry-run")

    assert capsys.readouterr().out.startswith("40 activities would be filed")


def test_an_order_of_a_date_to_come_says_nothing_about_the_rep_to_file_for():
    milk = [{"product": "milk", "quantity": 2}]
    ahead = {"external_id": "A1", "client": "bar-00", "rep": "slip", "ordered_at": datetime(9999, 1, 1, tzinfo=UTC)}
    merge_orders([ahead | {"lines": milk}], source="test")

    call_command("create_activities", "--type", "upsell", "--clients", "bar-00")

    assert Activity.objects.get().rep == "rep-0"


def test_what_is_filed_in_bulk_reads_like_what_a_tool_files(tool):
    call_command("create_activities", "--type", "upsell", "--clients", "cafe-04")
    by_tool = tool.file(client="cafe-04", rep="rep-1", activityType="upsell")

    in_bulk = tool.get(f"{API}?status=processing&order=asc").body["data"][0]

    its_own = ("_id", "createdAt", "updatedAt")
    assert {k: v for k, v in in_bulk.items() if k not in its_own} == {
        k: v for k, v in by_tool.items() if k not in its_own
    }


@pytest.mark.parametrize(
    ("options", "done", "filed"),
    [
        ([], "filed", {"cafe-new": "rep-7", "cafe-01": "rep-1"}),
        (["--dry-run"], "would be filed", {"cafe-new": "rep-7"}),
    ],
)
def test_a_client_without_a_rep_is_named_and_nothing_is_filed_before_one_is_given(options, done, filed, capsys):
    merge_clients([{"external_id": "cafe-new"}])
    two = ["--type", "upsell", "--clients", "cafe-new", "cafe-01"]
    with pytest.raises(CommandError, match=r"No rep is known for cafe-new\. Nothing was filed.*--rep"):
        call_command("create_activities", *two, *options)
    assert not Activity.objects.exists()

    call_command("create_activities", "--type", "upsell", "--clients", "cafe-new", "--rep", "rep-7")
    call_command("create_activities", *two, *options)

    said = capsys.readouterr().out.splitlines()[-1]
    assert said == f"1 activities {done}, 1 clients have one that waits."
    assert dict(Activity.objects.values_list("client", "rep")) == filed


@pytest.mark.parametrize("options", [[], ["--rep", "rep-7"], ["--dry-run"]])
def test_clients_that_are_not_known_are_named_and_nothing_is_filed(options):
    with pytest.raises(CommandError, match=r"There is no client NOPE, coffee-01\. Nothing was filed"):
        call_command("create_activities", "--type", "upsell", "--clients", "cafe-01", "coffee-01", "NOPE", *options)

    assert not Activity.objects.exists()
