"""What an activity's feedback says of products, and its way to the engine that learns from it."""

from collections.abc import Sequence
from datetime import datetime

from activities.models import Activity
from recommender.models import Outcome
from recommender.outcomes import former_outcomes, remembered_since
from recommender.requests import FormerOutcome, FormerOutcomes
from recommender.suggested_lines import FiledActivity, record_answers


def answers_in(feedback: dict) -> dict[str, Outcome]:
    """Product to answer; one that stands among the accepted and the rejected counts as rejected."""
    accepted = dict.fromkeys(feedback.get("acceptedRecommendations", ()), Outcome.ACCEPTED)
    return accepted | dict.fromkeys(feedback.get("rejectedRecommendations", ()), Outcome.REJECTED)


def filed_activity(activity: Activity) -> FiledActivity:
    return FiledActivity(
        activity.id, activity.client, activity.rep, activity.activity_type, answers_in(activity.feedback)
    )


def pass_on(activity: Activity, at: datetime) -> None:
    """Make the outcomes of what was suggested those that the activity's feedback says."""
    record_answers(filed_activity(activity), at)


def outcomes_for(activities: Sequence[Activity], moments: Sequence[datetime]) -> list[FormerOutcomes]:
    """What is known of each activity's client at its moment of judgement: one query for all.

    The moments may be far apart: what is forgotten at one of them is not at another.
    What an activity's own feedback rejects stays away from it for as long as it says so.
    """
    since = [remembered_since(moment) for moment in moments]
    found = former_outcomes([activity.client for activity in activities], min(since))
    return [
        with_rejected(found.get(activity.client, FormerOutcomes()).since(first), activity, moment)
        for activity, moment, first in zip(activities, moments, since, strict=True)
    ]


def with_rejected(known: FormerOutcomes, activity: Activity, moment: datetime) -> FormerOutcomes:
    rejected = rejected_now(activity, moment)
    return FormerOutcomes(known.products | rejected, known.volumes | rejected) if rejected else known


def rejected_now(activity: Activity, moment: datetime) -> dict[str, FormerOutcome]:
    rejected = (product for product, answer in answers_in(activity.feedback).items() if answer == Outcome.REJECTED)
    return {product: FormerOutcome(accepted=False, at=moment) for product in rejected}
