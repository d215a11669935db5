"""What leaves the review queue by itself, what stays away, and what brings it back."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from activities.models import ReviewRule
from recommender.models import ModelVersion
from tests.admin.reviews import fail, item_of, kinds
from tests.service import API
from tests.wholesale import AS_OF_LAST_DAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house", "only_lists_of_old_versions")]
Kind = ReviewRule.Kind


def test_what_a_version_listed_first_is_nothing_to_look_at_once_another_answers(tool):
    ReviewRule.objects.filter(kind=Kind.FIRST_LISTS).update(enabled=True)
    activity = tool.generated(client="cafe-01", aiModel=AS_OF_LAST_DAY)
    ModelVersion.objects.update(status=ModelVersion.Status.RETIRED)

    call_command("review_activities", verbosity=0)

    assert item_of(activity).state == "closed"


def test_another_comment_brings_a_closed_item_back(decide, activity, say):
    say(activity, comments="hm")
    decide(item_of(activity), "close", comments="hm", reason="solved")

    say(activity, comments="worse than before")

    assert item_of(activity).returned


def test_what_came_back_and_is_closed_again_is_no_longer_marked(decide, activity, say):
    say(activity, comments="hm")
    decide(item_of(activity), "close", comments="hm", reason="solved")
    say(activity, comments="worse than before")

    decide(item_of(activity), "close", comments="worse than before", reason="solved")

    assert (item_of(activity).state, item_of(activity).returned) == ("closed", False)


def test_what_got_well_and_turns_bad_again_brings_a_closed_item_back(decide, activity, say):
    say(activity, userRating=1, comments="hm")
    decide(item_of(activity), "close", comments="hm", rating="1", reason="solved")
    say(activity, userRating=5, comments="hm")
    well = item_of(activity).state

    say(activity, userRating=1, comments="hm")

    assert (well, item_of(activity).state, item_of(activity).returned) == ("closed", "open", True)


def test_a_snoozed_item_that_no_rule_finds_any_more_closes_itself(decide, activity, say):
    say(activity, userRating=1)
    decide(item_of(activity), "snooze", rating="1")

    say(activity, userRating=5)

    assert (item_of(activity).state, item_of(activity).reason) == ("closed", "better")


def test_what_a_rule_closed_is_not_told_as_the_decision_of_who_snoozed_it(decide, activity, say):
    say(activity, userRating=1)
    decide(item_of(activity), "snooze", rating="1", note="asked the client")
    snoozed = item_of(activity)

    say(activity, userRating=5)

    closed = item_of(activity)
    assert snoozed.decided_by.username == "olga"
    assert (closed.decided_by, closed.note) == (None, "asked the client")
    assert closed.decided_at > snoozed.decided_at


@pytest.mark.parametrize("decision", ["close", "snooze"])
def test_a_rule_that_is_out_of_force_for_a_while_brings_back_nothing_that_was_set_aside(
    decide, activity, say, decision
):
    say(activity, comments="Too much milk.")
    decide(item_of(activity), decision, reason="solved")

    for enabled in (False, True):
        ReviewRule.objects.filter(kind=Kind.COMMENT).update(enabled=enabled)
        call_command("review_activities")

    assert item_of(activity).state == "closed"


def test_another_failure_brings_a_closed_item_back_and_the_same_one_does_not(tool, decide):
    activity = fail(tool.file(client="cafe-03"))
    decide(item_of(activity), "close", reason="solved")

    fail(activity)
    same = item_of(activity)
    fail(activity, "KeyError: 'milk'")

    assert (same.state, same.returned) == ("closed", False)
    assert (item_of(activity).state, item_of(activity).returned) == ("open", True)


@pytest.mark.parametrize("decision", ["close", "snooze"])
def test_what_was_set_aside_comes_back_marked_when_it_gets_worse(decide, activity, say, decision):
    say(activity, userRating=2)
    decide(item_of(activity), decision, reason="solved", rating="2")
    aside = item_of(activity)

    say(activity, userRating=1)

    back = item_of(activity)
    assert (aside.state, aside.returned) == ({"close": "closed", "snooze": "snoozed"}[decision], False)
    assert (back.state, back.returned) == ("open", True)


def test_what_was_set_aside_stays_so_while_nothing_gets_worse(tool, decide, activity, say):
    say(activity, userRating=2)
    decide(item_of(activity), "close", reason="no-fault", rating="2")

    tool.generate(activity["_id"])

    assert item_of(activity).state == "closed"


def test_what_gets_better_but_not_well_stays_set_aside(decide, activity, say):
    say(activity, userRating=1)
    decide(item_of(activity), "close", reason="no-fault", rating="1")

    say(activity, userRating=2)

    assert (item_of(activity).state, item_of(activity).sentences) == ("closed", ["Rated 2 of 5."])


def test_a_failure_that_is_gone_leaves_the_queue_and_comes_back_marked(tool):
    activity = fail(tool.file(client="cafe-03", aiModel=AS_OF_LAST_DAY))
    tool.generate(activity["_id"])
    gone = item_of(activity)

    fail(activity)

    assert (gone.state, gone.reason) == ("closed", "better")
    assert (item_of(activity).state, item_of(activity).returned) == ("open", True)


def test_cancelling_an_activity_settles_its_review(tool):
    activity = tool.file(client="cafe-03", feedback={"comments": "hm"})
    assert kinds(activity) == {Kind.COMMENT}

    tool.post(path=f"{API}/{activity['_id']}/cancel")

    assert item_of(activity).state == "closed"


def test_an_activity_that_ops_reopens_is_reviewed_again(ops, tool):
    activity = tool.file(client="cafe-03", feedback={"comments": "hm"})
    tool.post(path=f"{API}/{activity['_id']}/cancel")
    posted = {"action": "reopen", "confirmed": "1", "_selected_action": activity["_id"]}

    ops.post(reverse("admin:activities_activity_changelist"), posted)

    assert (item_of(activity).state, item_of(activity).returned) == ("open", True)
