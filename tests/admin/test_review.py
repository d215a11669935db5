"""What comes into the review queue, in which order, and what brings it back."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertInHTML

from activities import generation
from activities.models import Activity, ReviewItem, ReviewRule
from recommender.models import ModelVersion, SuggestedLine
from tests.admin.feedback_on_page import feedback_on, seen_in
from tests.admin.people import ops_user, sales_manager
from tests.conftest import API
from tests.wholesale import LAST_DAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house")]
AS_OF = {"parameters": {"asOf": LAST_DAY.isoformat()}}
Kind = ReviewRule.Kind


@pytest.fixture(autouse=True)
def only_lists_of_old_versions(db):
    ReviewRule.objects.filter(kind=Kind.FIRST_LISTS).update(enabled=False)


@pytest.fixture
def activity(tool):
    return tool.generated(client="cafe-03", aiModel=AS_OF)


@pytest.fixture
def ops(client):
    client.force_login(ops_user())
    return client


@pytest.fixture
def say(tool):
    """Reports feedback to an activity."""

    def said(activity, **feedback):
        assert tool.patch(activity["_id"], {"feedback": feedback}).status_code == 200

    return said


@pytest.fixture
def decide(ops):
    """Posts a decision from the review screen, opened then unless what one opened before had hidden is given."""

    def decided(item, decision, **fields):
        posted = {"decision": decision} | hidden_in(opened(ops, item)) | fields
        return ops.post(reverse("admin:activities_reviewitem_decide", args=[item.pk]), posted)

    return decided


def opened(ops, item):
    return ops.get(reverse("admin:activities_reviewitem_change", args=[item.pk]))


def hidden_in(page):
    """What the screen posts along about when it was opened."""
    return {"seen": seen_in(page), "seen_item": page.context["decision"]["seen_item"].value()}


def item_of(activity):
    return ReviewItem.objects.filter(activity=activity["_id"]).first()


def kinds(activity):
    item = item_of(activity)
    return item and set(item.findings)


def test_a_good_list_is_not_reviewed(activity, say):
    say(activity, userRating=5, acceptedRecommendations=["coffee"])

    assert item_of(activity) is None


@pytest.mark.parametrize(
    ("feedback", "found"),
    [
        ({"userRating": 2}, {Kind.LOW_RATING}),
        ({"userRating": 3}, None),
        ({"comments": "no"}, {Kind.COMMENT}),
        ({"rejectedRecommendations": ["a", "b", "c"]}, {Kind.REJECTIONS}),
        ({"rejectedRecommendations": ["a", "b"]}, None),
        ({"userRating": 1, "comments": "no"}, {Kind.LOW_RATING, Kind.COMMENT}),
    ],
)
def test_feedback_brings_a_list_into_the_queue(activity, say, feedback, found):
    say(activity, **feedback)

    assert kinds(activity) == found


def test_a_failed_generation_is_found_with_its_reason(tool):
    activity = fail(tool.file(client="cafe-03"))

    assert item_of(activity).sentences == ["The generation failed: ValueError: broken"]


def test_a_generation_that_breaks_is_in_the_queue_at_once(tool, monkeypatch):
    monkeypatch.setattr(generation, "suggest", broken)
    activity = tool.file(client="cafe-03")

    assert tool.generate(activity["_id"]).status_code == 500
    assert item_of(activity).sentences == ["The generation failed: ValueError: broken"]


def broken(requests):
    raise ValueError("broken")


def test_work_that_is_given_up_is_in_the_queue_at_once(tool):
    activity = tool.file(client="cafe-03")

    generation.fail_waiting(activity["_id"], "3 workers died over it.")

    assert item_of(activity).sentences == ["The generation failed: 3 workers died over it."]


def fail(activity, failure="ValueError: broken"):
    """As a generation that broke leaves it."""
    row = Activity.objects.get(pk=activity["_id"])
    row.status, row.metadata = Activity.Status.FAILED, {"failure": failure}
    row.save()
    call_command("review_activities", verbosity=0)
    return activity


def test_a_client_that_may_be_leaving_is_found_with_the_evidence(tool):
    late = {"parameters": {"asOf": "2026-06-01"}}

    activity = tool.generated(client="cafe-03", activityType="order-analysis", aiModel=late)

    assert kinds(activity) == {Kind.CHURN}
    assert item_of(activity).sentences[0] in activity["insights"]["riskFactors"]


def test_little_confidence_in_much_money_is_found(tool):
    ReviewRule.objects.filter(kind=Kind.UNSURE_MONEY).update(threshold=1, amount=1)

    assert kinds(tool.generated(client="cafe-03", aiModel=AS_OF)) == {Kind.UNSURE_MONEY}


@pytest.mark.parametrize(("threshold", "amount"), [(0.0001, 1), (1, 1_000_000)])
def test_much_confidence_or_little_money_is_nothing_to_look_at(tool, threshold, amount):
    ReviewRule.objects.filter(kind=Kind.UNSURE_MONEY).update(threshold=threshold, amount=amount)

    assert kinds(tool.generated(client="cafe-03", aiModel=AS_OF)) is None


def test_the_first_lists_of_a_version_are_found_and_no_more(tool):
    ReviewRule.objects.filter(kind=Kind.FIRST_LISTS).update(enabled=True, threshold=2)

    made = [tool.generated(client=client, aiModel=AS_OF) for client in ("cafe-01", "cafe-02", "cafe-03")]

    assert [kinds(activity) for activity in made] == [{Kind.FIRST_LISTS}, {Kind.FIRST_LISTS}, None]


def test_what_a_version_listed_first_is_nothing_to_look_at_once_another_answers(tool):
    ReviewRule.objects.filter(kind=Kind.FIRST_LISTS).update(enabled=True)
    activity = tool.generated(client="cafe-01", aiModel=AS_OF)
    ModelVersion.objects.update(status=ModelVersion.Status.RETIRED)

    call_command("review_activities", verbosity=0)

    assert item_of(activity).state == "closed"


def test_the_weights_of_all_that_finds_a_list_add_up(activity, say):
    say(activity, userRating=1, comments="no")
    at_once = item_of(activity).weight
    say(activity, userRating=1, comments="no", rejectedRecommendations=["a", "b", "c"])

    assert (at_once, item_of(activity).weight) == (40 + 30, 40 + 30 + 20)


def test_the_queue_shows_the_most_urgent_first(ops, tool, say):
    light, heavy = (tool.generated(client=client, aiModel=AS_OF) for client in ("cafe-01", "cafe-02"))
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
    rated, mine, closed = (tool.generated(client=f"cafe-0{n}", aiModel=AS_OF) for n in (1, 2, 3))
    say(rated, userRating=1)
    say(mine, comments="hm")
    say(closed, comments="hm")
    decide(item_of(mine), "keep", comments="hm", assigned_to=User.objects.get(username="olga").pk)
    decide(item_of(closed), "close", comments="hm", reason="solved")

    listed = ops.get(reverse("admin:activities_reviewitem_changelist"), filters).context["cl"].result_list

    assert {item.activity.client for item in listed} == found


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


def test_a_product_that_is_rejected_twice_over_counts_once(activity, say):
    say(activity, rejectedRecommendations=["milk", "milk", "milk"])

    assert item_of(activity) is None


def test_another_failure_brings_a_closed_item_back_and_the_same_one_does_not(tool, decide):
    activity = fail(tool.file(client="cafe-03"))
    decide(item_of(activity), "close", reason="solved")

    fail(activity)
    same = item_of(activity)
    fail(activity, "KeyError: 'milk'")

    assert (same.state, same.returned) == ("closed", False)
    assert (item_of(activity).state, item_of(activity).returned) == ("open", True)


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


def test_a_rule_that_ops_changes_counts_from_then_on(ops, activity, say):
    rule = ReviewRule.objects.get(kind=Kind.LOW_RATING)
    page = reverse("admin:activities_reviewrule_change", args=[rule.pk])
    ops.post(page, shown_on(ops, page) | {"threshold": "3"})

    say(activity, userRating=3)

    assert kinds(activity) == {Kind.LOW_RATING}


def test_a_changed_rule_is_applied_to_what_is_there_by_a_button(ops, activity, say):
    say(activity, userRating=3)
    ReviewRule.objects.filter(kind=Kind.LOW_RATING).update(threshold=3)
    rules = ops.get(reverse("admin:activities_reviewrule_changelist")).content.decode()
    button = reverse("admin:activities_reviewrule_look_through")

    page = ops.post(button, follow=True).content.decode()

    assert f'action="{button}"' in rules
    assert "Looked through 1 activities; 1 wait for review." in page
    assert kinds(activity) == {Kind.LOW_RATING}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"weight": "0"}, "Weight: 1 to 100."), ({"weight": "101"}, "Weight: 1 to 100."),
        ({"threshold": "-1"}, "Threshold: 0 or more."), ({"amount": "-0.5"}, "Amount: 0 or more."),
    ],
)  # fmt: skip
def test_a_rule_says_which_numbers_it_takes(ops, fields, said):
    rule = ReviewRule.objects.first()
    numbers = {"threshold": "1", "amount": "0", "weight": "40"} | fields
    others = ReviewRule.objects.exclude(pk=rule.pk)

    page = ops.post(reverse("admin:activities_reviewrule_change", args=[rule.pk]), numbers).content.decode()
    in_list = ops.post(reverse("admin:activities_reviewrule_changelist"), rows_of([rule, *others], numbers))

    assert said in page
    assert said in in_list.content.decode()
    assert "Constraint" not in page + in_list.content.decode()


def rows_of(rules, first):
    """The list of rules as its page posts it, with these values for the first of them."""
    posted = {"form-TOTAL_FORMS": len(rules), "form-INITIAL_FORMS": len(rules), "_save": "1"}
    for row, rule in enumerate(rules):
        shown = {"enabled": rule.enabled, "threshold": rule.threshold, "amount": rule.amount, "weight": rule.weight}
        fields = shown | (first if row == 0 else {}) | {"id": rule.pk}
        posted |= {f"initial-form-{row}-{name}": value for name, value in shown.items()}
        posted |= {f"form-{row}-{name}": value for name, value in fields.items()}
    return posted


def test_who_saves_a_rule_undoes_no_change_made_since_its_page_was_opened(ops):
    rule = ReviewRule.objects.first()
    page = reverse("admin:activities_reviewrule_change", args=[rule.pk])
    before = shown_on(ops, page)
    ReviewRule.objects.filter(pk=rule.pk).update(threshold=4)

    refused = ops.post(page, before | {"weight": "99"}).content.decode()
    unread = ReviewRule.objects.get(pk=rule.pk)
    ops.post(page, shown_on(ops, page) | {"weight": "99"})
    saved = ReviewRule.objects.get(pk=rule.pk)

    assert f"{rule}: changed since this page was opened. Nothing was saved;" in refused
    assert (unread.threshold, unread.weight) == (4, rule.weight)
    assert (saved.threshold, saved.weight) == (4, 99)


def shown_on(ops, page):
    """What the form of a page posts if nothing is changed on it, hidden fields and all."""
    shown = ops.get(page)
    form = shown.context["adminform"].form
    hidden = re.findall(r'<input type="hidden" name="(initial-[^"]+)" value="([^"]*)"', shown.content.decode())
    return {name: form[name].value() for name in form.fields} | dict(hidden)


def test_who_saves_the_list_of_rules_undoes_no_change_made_since_it_was_opened(ops):
    mine, theirs, *others = ReviewRule.objects.all()
    posted = rows_of([mine, theirs, *others], {"weight": "99"})
    ReviewRule.objects.filter(pk=theirs.pk).update(weight=77, enabled=False)

    page = ops.post(reverse("admin:activities_reviewrule_changelist"), posted).content.decode()

    assert f"{theirs}: changed since this page was opened. Nothing was saved;" in page
    assert page.count("changed since this page was opened") == 1
    weights = dict(ReviewRule.objects.values_list("pk", "weight"))
    assert (weights[mine.pk], weights[theirs.pk]) == (mine.weight, 77)


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
    activity = fail(tool.file(client="cafe-03", aiModel=AS_OF))
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


def test_products_most_rejected_stand_under_the_queue(ops, tool, say):
    for client in ("cafe-01", "cafe-02"):
        say(tool.generated(client=client, aiModel=AS_OF), rejectedRecommendations=["coffee"])

    [coffee] = ops.get(reverse("admin:activities_reviewitem_changelist")).context["most_rejected"]

    assert (coffee["product"], coffee["rejected"], coffee["answered"]) == ("coffee", 2, 2)


def test_a_product_most_rejected_leads_to_the_lines_that_were_counted(ops, tool, say):
    counted, long_ago = (tool.generated(client=client, aiModel=AS_OF) for client in ("cafe-01", "cafe-02"))
    for activity in (counted, long_ago, tool.file(client="cafe-03")):  # to the last nothing was suggested
        say(activity, rejectedRecommendations=["coffee"])
    answer = SuggestedLine.objects.filter(activity=long_ago["_id"], product="coffee")
    answer.update(outcome_at=timezone.now() - timedelta(days=91))

    page = ops.get(reverse("admin:activities_reviewitem_changelist")).content.decode()
    [address] = re.findall(r'href="([^"]*product__exact=coffee[^"]*)"', page)
    listed = ops.get(unescape(address)).context["cl"].result_list

    assert [line.activity for line in listed] == [counted["_id"]]
