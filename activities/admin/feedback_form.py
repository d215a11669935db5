"""Feedback as the pages of an activity and of its review post it."""

from typing import Any

from django.db import transaction
from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from activities import contract
from activities.feedback import answers_in
from activities.models import Activity
from activities.updates import update_activity
from recommender.models import Outcome

ACCEPT_ALL = "all"  # value of the button that accepts whatever is open


@transaction.atomic
def record_feedback(activity_id: str, posted: QueryDict) -> Activity:
    """Store what was posted as the activity's feedback. Raises DRF's ValidationError for what the API would refuse."""
    activity = Activity.objects.select_for_update().get(pk=activity_id)
    feedback = feedback_from(activity, posted)
    contract.check(contract.validator("#/components/schemas/Feedback"), feedback)
    return update_activity(activity, {"feedback": feedback})


def feedback_from(activity: Activity, posted: QueryDict) -> dict[str, Any]:
    """The whole section; answers to products that are not on the list stay as they are."""
    answers = answers_in(activity.feedback)
    for line in activity.recommendations:
        product = line["product"]
        answer = posted.get(f"outcome-{product}", answers.get(product, Outcome.OPEN))
        if answer == Outcome.OPEN and posted.get("build") == ACCEPT_ALL:
            answer = Outcome.ACCEPTED
        answers[product] = answer
    section = {
        "acceptedRecommendations": [product for product, answer in answers.items() if answer == Outcome.ACCEPTED],
        "rejectedRecommendations": [product for product, answer in answers.items() if answer == Outcome.REJECTED],
        "userRating": rating_from(posted.get("rating", "")),
        "comments": posted.get("comments", "").strip(),
    }
    return {name: value for name, value in section.items() if value not in (None, "", [])}


def rating_from(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 1:
        raise ValidationError({"userRating": ["Choose a rating from 1 to 5."]})
    return int(text)


def told(error: ValidationError) -> str:
    """The faults in one line."""
    return "; ".join(f"{path}: {' '.join(map(str, said))}" for path, said in error.detail.items())
