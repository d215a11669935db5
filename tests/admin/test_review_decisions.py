"""The screen of one review: who may decide, what is said of it, and what others did meanwhile."""

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from pytest_django.asserts import assertInHTML

from activities.models import Activity, ReviewRule
from tests.admin.feedback_on_page import feedback_on, seen_in
from tests.admin.people import ops_user, sales_manager
from tests.admin.reviews import fail, hidden_in, item_of, kinds, opened

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house", "only_lists_of_old_versions")]
Kind = ReviewRule.Kind


def test_one_screen_answers_lines_notes_assigns_and_closes(ops, decide, activity, say):
    say(activity, comments="too much milk")
    item, boss = item_of(activity), ops_user("otto")

    decide(
        item, "close", reason="client", note="called them", assigned_to=boss.pk, comments="too much milk",
        rating="4", **{"outcome-coffee": "accepted", "outcome-milk": "rejected"},
    )  # fmt: skip

    item.refresh_from_db()
    assert (item.state, item.reason, item.note, item.assigned_to) == ("closed", "client", "called them", boss)
    assert Activity.objects.get(pk=activity["_id"]).feedback == {
        "acceptedRecommendations": ["coffee"], "rejectedRecommendations": ["milk"], "userRating": 4,
        "comments": "too much milk",
    }  # fmt: skip


def test_who_may_decide_and_not_answer_changes_no_feedback(client, activity, say):
    say(activity, comments="hm")
    decider = User.objects.create_user("dora", is_staff=True)
    decider.user_permissions.set(Permission.objects.filter(codename__in=["view_reviewitem", "change_reviewitem"]))
    client.force_login(decider)
    seen = opened(client, item_of(activity)).context["decision"]["seen_item"].value()
    posted = {"decision": "close", "reason": "solved", "comments": "changed", "rating": "5", "seen_item": seen}

    client.post(reverse("admin:activities_reviewitem_decide", args=[item_of(activity).pk]), posted)

    assert item_of(activity).state == "closed"
    assert Activity.objects.get(pk=activity["_id"]).feedback == {"comments": "hm"}


def test_closing_needs_a_reason_and_stores_nothing_without(decide, activity, say):
    say(activity, comments="hm")

    decide(item_of(activity), "close", note="done", rating="5")

    assert (item_of(activity).state, item_of(activity).note) == ("open", "")
    assert Activity.objects.get(pk=activity["_id"]).user_rating is None


def test_what_was_typed_is_there_again_when_closing_lacks_a_reason(decide, activity, say):
    say(activity, comments="hm")
    boss = ops_user("otto")

    page = decide(
        item_of(activity), "close", note="called them", assigned_to=boss.pk, rating="2", comments="hm, well",
        **{"outcome-coffee": "rejected"},
    )  # fmt: skip

    assert "Not saved: reason: Say why it is closed." in page.content.decode()
    assert page.context["decision"]["note"].value() == "called them"
    assertInHTML(f'<option value="{boss.pk}" selected>otto</option>', page.content.decode())
    assert feedback_on(page) == ({"coffee": "rejected"}, 2, "hm, well")


def test_a_review_opened_before_a_rep_reported_is_not_closed_over_it(ops, decide, activity, say):
    say(activity, comments="hm")
    item = item_of(activity)
    before = seen_in(opened(ops, item))
    say(activity, comments="never again", userRating=1)

    page = decide(item, "close", reason="solved", note="called", comments="hm", rating="", seen=before)

    assert "is now: comments: never again; userRating: 1." in page.content.decode()
    assert feedback_on(page) == ({}, 1, "never again")
    assert item_of(activity).state == "open"
    assert Activity.objects.get(pk=activity["_id"]).feedback == {"comments": "never again", "userRating": 1}


def test_who_forgets_the_reason_is_told_as_well_of_what_a_rep_reported_meanwhile(ops, decide, activity, say):
    say(activity, comments="hm")
    before = seen_in(opened(ops, item_of(activity)))
    say(activity, comments="never again", userRating=1)

    page = decide(item_of(activity), "close", comments="hm", rating="", seen=before).content.decode()

    assert "Not saved: reason: Say why it is closed." in page
    assert "is now: comments: never again; userRating: 1." in page


def test_a_review_that_somebody_decided_meanwhile_is_not_decided_over_unread(ops, decide, activity, say):
    say(activity, comments="hm")
    before = hidden_in(opened(ops, item_of(activity)))
    decide(item_of(activity), "keep", note="asked the client")

    page = decide(item_of(activity), "snooze", note="looks fine", **before)
    unread = item_of(activity)
    again = page.context["decision"]["seen_item"].value()
    decide(item_of(activity), "snooze", note="asked the client, looks fine", seen_item=again)

    assert "it is open, assigned to nobody, its note: asked the client;" in page.content.decode()
    assert page.context["decision"]["note"].value() == "looks fine"
    assert (unread.state, unread.note) == ("open", "asked the client")
    assert (item_of(activity).state, item_of(activity).note) == ("snoozed", "asked the client, looks fine")


def test_a_failure_that_came_since_the_review_was_opened_is_not_settled_unread(ops, decide, activity, say):
    say(activity, userRating=1)
    before = hidden_in(opened(ops, item_of(activity)))
    fail(activity)

    page = decide(item_of(activity), "close", reason="solved", rating="1", **before)
    unread = item_of(activity)
    again = page.context["decision"]["seen_item"].value()
    decide(item_of(activity), "close", reason="solved", rating="1", seen_item=again)

    assert "why it is here: The generation failed: ValueError: broken Rated 1 of 5." in page.content.decode()
    assert (unread.state, unread.settled) == ("open", {})
    assert (item_of(activity).state, set(item_of(activity).settled)) == ("closed", {Kind.FAILED, Kind.LOW_RATING})


def test_feedback_saved_with_the_decision_is_no_change_of_somebody_else(decide, activity, say):
    say(activity, userRating=1)

    decide(item_of(activity), "close", reason="solved", rating="2", comments="asked them")

    assert (item_of(activity).state, kinds(activity)) == ("closed", {Kind.LOW_RATING, Kind.COMMENT})


def test_reviews_are_assigned_to_people_who_can_decide(ops, activity, say):
    say(activity, comments="hm")
    sales_manager()
    User.objects.create_superuser("root")
    User.objects.filter(pk=ops_user("gone").pk).update(is_active=False)

    form = opened(ops, item_of(activity)).context["decision"]

    assert [label for _, label in form.fields["assigned_to"].choices] == ["nobody", "olga", "root"]


def test_whoever_has_a_review_keeps_it_when_they_may_decide_no_more(ops, decide, activity, say):
    say(activity, comments="hm")
    left = ops_user("left")
    decide(item_of(activity), "keep", assigned_to=left.pk)
    User.objects.filter(pk=left.pk).update(is_active=False)

    page = opened(ops, item_of(activity)).content.decode()
    decide(item_of(activity), "keep", note="asked the client", assigned_to=left.pk)

    assertInHTML(f'<option value="{left.pk}" selected>left</option>', page)
    assert (item_of(activity).note, item_of(activity).assigned_to) == ("asked the client", left)
