"""What comes into the review queue, and why."""

import pytest

from activities import generation
from activities.models import ReviewRule
from tests.admin.reviews import fail, item_of, kinds
from tests.wholesale import AS_OF_LAST_DAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house", "only_lists_of_old_versions")]
Kind = ReviewRule.Kind


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


def test_a_client_that_may_be_leaving_is_found_with_the_evidence(tool):
    late = {"parameters": {"asOf": "2026-06-01"}}

    activity = tool.generated(client="cafe-03", activityType="order-analysis", aiModel=late)

    assert kinds(activity) == {Kind.CHURN}
    assert item_of(activity).sentences[0] in activity["insights"]["riskFactors"]


def test_little_confidence_in_much_money_is_found(tool):
    ReviewRule.objects.filter(kind=Kind.UNSURE_MONEY).update(threshold=1, amount=1)

    assert kinds(tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)) == {Kind.UNSURE_MONEY}


@pytest.mark.parametrize(("threshold", "amount"), [(0.0001, 1), (1, 1_000_000)])
def test_much_confidence_or_little_money_is_nothing_to_look_at(tool, threshold, amount):
    ReviewRule.objects.filter(kind=Kind.UNSURE_MONEY).update(threshold=threshold, amount=amount)

    assert kinds(tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)) is None


def test_the_first_lists_of_a_version_are_found_and_no_more(tool):
    ReviewRule.objects.filter(kind=Kind.FIRST_LISTS).update(enabled=True, threshold=2)

    made = [tool.generated(client=client, aiModel=AS_OF_LAST_DAY) for client in ("cafe-01", "cafe-02", "cafe-03")]

    assert [kinds(activity) for activity in made] == [{Kind.FIRST_LISTS}, {Kind.FIRST_LISTS}, None]


def test_the_weights_of_all_that_finds_a_list_add_up(activity, say):
    say(activity, userRating=1, comments="no")
    at_once = item_of(activity).weight
    say(activity, userRating=1, comments="no", rejectedRecommendations=["a", "b", "c"])

    assert (at_once, item_of(activity).weight) == (40 + 30, 40 + 30 + 20)


def test_a_product_that_is_rejected_twice_over_counts_once(activity, say):
    say(activity, rejectedRecommendations=["milk", "milk", "milk"])

    assert item_of(activity) is None
