"""A list's total is exact, however activities came, changed and went."""

import pytest
from django.db import connection, transaction

from activities.filing import file_for_clients
from activities.models import Activity, ActivityTally
from tests.service import API

pytestmark = pytest.mark.django_db


@pytest.fixture
def totals(tool):
    def totals(**filters):
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        return tool.get(f"{API}?limit=1&{query}").body["total"]

    return totals


def test_what_is_filed_moved_generated_and_deleted_is_in_the_totals_at_once(tool, totals, wholesale_house):
    wanted = [{"rep": "rep-1"}, {"rep": "rep-1"}, {"rep": "rep-2"}, {"rep": "rep-1", "activityType": "upsell"}]
    ids = [tool.file(client="cafe-01", **fields)["_id"] for fields in wanted]
    tool.send("PATCH", f"{API}/{ids[0]}", {"rep": "rep-2"})
    tool.send("POST", f"{API}/{ids[1]}/generate")
    tool.send("POST", f"{API}/{ids[2]}/cancel")
    tool.send("DELETE", f"{API}/{ids[3]}")

    assert totals() == 3
    assert (totals(rep="rep-1"), totals(rep="rep-2")) == (1, 2)
    assert [totals(status=status) for status in Activity.Status] == [1, 1, 0, 1]
    assert (totals(activityType="upsell"), totals(rep="rep-2", status="processing")) == (0, 1)


def test_bulk_changes_and_what_is_rolled_back_are_counted_right(totals, wholesale_house):
    file_for_clients("recommendation", None, None)
    Activity.objects.filter(client__lt="cafe").update(status="failed")
    with transaction.atomic():
        Activity.objects.all().delete()
        transaction.set_rollback(True)

    assert (totals(), totals(status="failed"), totals(status="processing")) == (40, 20, 20)
    assert Activity.objects.count() == 40


def test_a_key_of_a_rep_is_told_of_its_own_activities_alone(keys):
    keys.full.file(rep="rep-0")
    keys.full.file(rep="rep-1")

    assert keys.of_rep_0.get(f"{API}?limit=1").body["total"] == 1
    assert keys.of_rep_0.get(f"{API}?limit=1&rep=rep-1").body["total"] == 0


def test_the_notes_of_many_changes_are_put_together_and_the_total_stays(tool, totals):
    tool.file()
    with connection.cursor() as cursor:
        cursor.execute("""
            DO $$ BEGIN PERFORM setseed(0.5); FOR n IN 1..4000 LOOP
                UPDATE activities_activity SET status = CASE n % 2 WHEN 0 THEN 'processing' ELSE 'failed' END;
            END LOOP; END $$""")

    assert ActivityTally.objects.count() < 8000
    assert (totals(), totals(status="processing"), totals(status="failed")) == (1, 1, 0)
