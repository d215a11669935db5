"""What leaves the admin in a file, and what stays on record."""

import csv
import io

import openpyxl
import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from activities.history import changes_of
from activities.housekeeping import forget_lines
from activities.models import Activity, ApiKey
from activities.updates import update_activity
from recommender.models import Client
from tests.admin.feedback_on_page import feedback_on, seen_in
from tests.conftest import Tool
from tests.service import API
from tests.wholesale import AS_OF_LAST_DAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house")]
LIST = "admin:activities_activity_changelist"
EVIL = '=HYPERLINK("http://evil.example","click")'


@pytest.fixture
def activity(tool):
    feedback = {"acceptedRecommendations": ["coffee"], "comments": EVIL}
    return tool.generated(client="cafe-03", rep="+rep", aiModel=AS_OF_LAST_DAY, feedback=feedback)


def opened(ops, activity):
    return ops.get(reverse("admin:activities_activity_change", args=[activity["_id"]]))


def answer(ops, activity, **fields):
    """Saves the feedback form of the activity's page, opened then unless the `seen` of one opened before is given."""
    posted = {"seen": seen_in(opened(ops, activity))} | fields
    return ops.post(reverse("admin:activities_activity_feedback", args=[activity["_id"]]), posted)


@pytest.fixture
def exported(ops, activity):
    def export(action):
        answer = ops.post(reverse(LIST), {"action": action, "_selected_action": [activity["_id"]]})
        return b"".join(answer) if answer.streaming else answer.content

    return export


def test_a_csv_holds_what_is_listed_and_no_formula(exported, activity):
    [row] = csv.DictReader(io.StringIO(exported("export_csv").decode("utf-8-sig")))

    assert (row["id"], row["client"], row["accepted"], row["rejected"]) == (activity["_id"], "cafe-03", "1", "0")
    assert float(row["order total"]) == activity["generatedOrder"]["totalAmount"]
    assert (row["comment"], row["rep"]) == (f"'{EVIL}", "'+rep")


def test_an_xlsx_holds_the_same_with_numbers_as_numbers(exported, activity):
    sheet = openpyxl.load_workbook(io.BytesIO(exported("export_xlsx"))).active

    header, row = sheet.iter_rows()
    cells = dict(zip([cell.value for cell in header], row, strict=True))
    assert cells["order total"].value == activity["generatedOrder"]["totalAmount"]
    assert (cells["comment"].value, cells["comment"].data_type) == (f"'{EVIL}", "s")


def test_an_xlsx_opens_whatever_characters_a_comment_holds(exported, tool, activity):
    tool.patch(activity["_id"], {"feedback": {"comments": "quite\ufffe good\uffff \x0b"}})

    _, row = openpyxl.load_workbook(io.BytesIO(exported("export_xlsx"))).active.iter_rows(values_only=True)

    assert "quite good " in row


@pytest.mark.parametrize(
    ("term", "found"), [("Café Central", 1), ("cafe-0", 1), ("click", 1), ("coffee", 1), ("nothing-like-it", 0)]
)
def test_search_finds_clients_products_and_comments(ops, activity, term, found):
    Client.objects.filter(external_id="cafe-03").update(name="Café Central")

    assert ops.get(reverse(LIST), {"q": term}).context["cl"].result_count == found


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"feedback": "yes"}, 1), ({"feedback": "no"}, 0), ({"rating": "none"}, 1), ({"rating": "any"}, 0),
        ({"age": "today"}, 1), ({"age": "over-day"}, 0), ({"sure": "none"}, 0), ({"rep__icontains": "+rep"}, 1),
        ({"age": "week"}, 1), ({"sure": "low"}, 0), ({"sure": "middle"}, 1), ({"sure": "high"}, 0),
        ({"rep__icontains": "rep-0"}, 0), ({"rating": "bad"}, 0), ({"status__exact": "failed"}, 0),
        ({"activity_type__exact": "recommendation"}, 1), ({"version": "0"}, 0),
    ],
)  # fmt: skip
def test_filters_narrow_the_list(ops, activity, filters, found):
    assert ops.get(reverse(LIST), filters).context["cl"].result_count == found


def test_a_list_that_a_link_has_narrowed_says_so_and_leads_to_all(ops, tool, activity):
    lines = reverse("admin:recommender_suggestedline_changelist")
    by_link = {"rep__exact": "+rep", "outcome_at__gte": "2025-10-01T00:00:00+00:00", "rank__isnull": "False"}

    narrowed = ops.get(lines, by_link | {"outcome__exact": "accepted"}).content.decode()
    by_filter = ops.get(lines, {"rep__icontains": "+rep", "outcome__exact": "accepted", "type": ""})

    assert "narrows the list as well: rep +rep; outcome at from 2025-10-01; with rank." in narrowed
    assert "narrows the list as well" not in by_filter.content.decode()
    assert by_filter.context["cl"].result_count == 1


def test_another_filter_begins_at_the_first_page_and_keeps_the_order(ops, activity):
    page = ops.get(reverse(LIST), {"p": 1, "o": "1"}).content.decode()

    assert '<input type="hidden" name="o" value="1">' in page
    assert '<input type="hidden" name="p"' not in page


def test_an_activitys_history_says_who_changed_what(ops, tool, activity):
    other = Tool(ApiKey.issue("tablet")[1])
    other.patch(activity["_id"], {"rep": "rep-9"})
    answer(ops, activity, **{"outcome-coffee": "rejected"})
    ops.post(reverse("admin:activities_activity_act", args=[activity["_id"]]), {"act": "regenerate"})

    changes = changes_of(Activity.objects.get(pk=activity["_id"]))

    assert [(change.who, change.what) for change in changes] == [
        ("olga", "generated"), ("olga", "feedback"), ("key tablet", "changed"), ("key test", "generated"),
        ("key test", "filed"),
    ]  # fmt: skip
    assert "\N{MINUS SIGN}coffee" in changes[0].lists
    assert ("rep", "+rep", "rep-9") in changes[2].fields


def test_an_activitys_history_tells_no_difference_from_a_list_that_has_been_cleaned_up(ops, tool, activity):
    answer(ops, activity, **{"outcome-milk": "accepted"})
    tool.generate(activity["_id"])
    changes = changes_of(Activity.objects.get(pk=activity["_id"]))
    assert [change.lists for change in changes] == ["the same lines", "", "10 lines", ""]

    list(forget_lines(timezone.now()))  # all but the line that was answered

    changes = changes_of(Activity.objects.get(pk=activity["_id"]))
    assert [change.lists for change in changes] == ["", "", "", ""]


def test_an_activitys_history_takes_the_answered_top_of_a_list_for_no_whole_one(tool):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    tool.patch(activity["_id"], {"feedback": {"rejectedRecommendations": [activity["recommendations"][0]["product"]]}})
    tool.generate(activity["_id"])

    list(forget_lines(timezone.now()))

    changes = changes_of(Activity.objects.get(pk=activity["_id"]))
    assert [change.lists for change in changes] == ["", "", "", ""]


def test_an_activitys_history_counts_the_lines_of_its_first_list(tool):
    activity = tool.generated(client="cafe-03", aiModel={"parameters": {"limit": 1}})

    changes = changes_of(Activity.objects.get(pk=activity["_id"]))

    assert [change.lists for change in changes] == ["1 line", ""]


def test_an_activitys_history_tells_reopening_from_what_makes_it_wait_otherwise(ops, tool, activity):
    tool.post(path=f"{API}/{activity['_id']}/generate", prefer="respond-async")
    tool.generate(activity["_id"])
    tool.patch(activity["_id"], {"inputData": {"inventoryLevels": {"coffee": 5}}})
    tool.post(path=f"{API}/{activity['_id']}/cancel")
    ops.post(reverse("admin:activities_activity_act", args=[activity["_id"]]), {"act": "reopen"})

    changes = changes_of(Activity.objects.get(pk=activity["_id"]))

    assert [change.what for change in changes] == [
        "reopened", "cancelled", "inputs changed", "generated", "processing", "generated", "filed",
    ]  # fmt: skip


def test_an_activitys_history_names_a_change_of_inputs_before_the_first_list(tool):
    activity = tool.file(client="cafe-03")
    tool.patch(activity["_id"], {"inputData": {"inventoryLevels": {"coffee": 5}}})

    changes = changes_of(Activity.objects.get(pk=activity["_id"]))

    assert [change.what for change in changes] == ["inputs changed", "filed"]


def test_changes_in_bulk_are_on_record_too(activity):
    Activity.objects.all().update(rep="rep-8")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE activities_activity SET rep = 'rep-9'")

    changes = changes_of(Activity.objects.get(pk=activity["_id"]))

    assert [change.fields for change in changes[:2]] == [[("rep", "rep-8", "rep-9")], [("rep", "+rep", "rep-8")]]


def test_more_changes_are_on_record_than_32_bits_count(activity):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE activities_activityevent ALTER pgh_id RESTART WITH %s", [2**31])

    Activity.objects.update(rep="rep-9")

    assert changes_of(Activity.objects.get(pk=activity["_id"]))[0].fields == [("rep", "+rep", "rep-9")]


def test_nothing_is_recorded_where_nothing_changes(activity):
    row = Activity.objects.get(pk=activity["_id"])
    before = len(changes_of(row))

    update_activity(row, {"rep": row.rep})

    assert len(changes_of(row)) == before


@pytest.mark.parametrize("rating", ["6", "0", "-1", "abc", "12"])
def test_a_bad_rating_is_refused_with_its_field(ops, activity, rating):
    page = answer(ops, activity, rating=rating)

    assert "Not saved: userRating: " in page.content.decode()
    assert Activity.objects.get(pk=activity["_id"]).feedback == activity["feedback"]


def test_a_form_opened_before_a_rep_reported_wipes_nothing(ops, tool):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    first, second, third = [line["product"] for line in activity["recommendations"][:3]]
    old_form = {
        "seen": seen_in(opened(ops, activity)), "rating": "", "comments": "",
        f"outcome-{first}": "open", f"outcome-{second}": "open", f"outcome-{third}": "rejected",
    }  # fmt: skip
    reported = {"acceptedRecommendations": [first, second], "userRating": 5, "comments": "All\nwell."}
    tool.patch(activity["_id"], {"feedback": reported})

    refused = answer(ops, activity, **old_form)
    kept = Activity.objects.get(pk=activity["_id"]).feedback
    answers, rating, comments = feedback_on(refused)
    as_shown = {f"outcome-{product}": outcome for product, outcome in answers.items()}
    again = {"seen": seen_in(refused), "rating": rating, "comments": comments.replace("\n", "\r\n")} | as_shown
    answer(ops, activity, **again)

    assert "Not saved: feedback: it has changed since this page was opened" in refused.content.decode()
    assert kept == reported
    assert answers == {first: "accepted", second: "accepted", third: "rejected"}
    assert Activity.objects.get(pk=activity["_id"]).feedback == reported | {"rejectedRecommendations": [third]}


def test_answers_to_a_list_that_is_made_anew_meanwhile_are_refused_once(ops, tool, activity):
    first, second = [line["product"] for line in activity["recommendations"][:2]]
    before = seen_in(opened(ops, activity))
    remade = {"inputData": {"clientPreferences": {"excludeProducts": [first]}}}
    assert tool.patch(activity["_id"], remade).status_code == 200
    tool.generate(activity["_id"])
    answers = {f"outcome-{first}": "rejected", f"outcome-{second}": "rejected"}

    refused = answer(ops, activity, seen=before, **answers)
    kept = Activity.objects.get(pk=activity["_id"]).feedback
    answer(ops, activity, seen=seen_in(refused), **answers)

    assert "the list has been made anew since this page was opened" in refused.content.decode()
    assert feedback_on(refused)[0][second] == "rejected"
    assert kept == activity["feedback"]
    assert Activity.objects.get(pk=activity["_id"]).feedback["rejectedRecommendations"] == [second]


def test_what_was_answered_on_a_list_that_is_emptied_meanwhile_is_not_said_to_be_saved(ops, tool, activity):
    before = seen_in(opened(ops, activity))
    tool.patch(activity["_id"], {"client": "cafe-04"})

    page = answer(ops, activity, seen=before, build="all", **{"outcome-milk": "open"})

    assert "the list has been made anew" in page.content.decode()
    assert "Feedback saved." not in page.content.decode()


def test_accepting_what_is_open_accepts_no_line_that_the_page_did_not_show(ops, activity):
    answer(ops, activity, build="all", **{"outcome-milk": "open"})

    accepted = Activity.objects.get(pk=activity["_id"]).feedback["acceptedRecommendations"]
    assert accepted == ["coffee", "milk"]
