"""Feedback as the pages of an activity and of its review post it.

A page posts along which feedback and list it was built from, as `seen`, so that what the person changed there can be
told from what only stood there. Where either has changed meanwhile nothing is stored: who rejects a line or closes a
review should have read the comment that came in between, and answers belong to the list that they were given to. The
page comes back with that, and what was typed over it.
"""

from textwrap import shorten
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import ValidationError

from activities import contract
from activities.feedback import answers_in
from activities.models import Activity
from activities.updates import update_activity
from recommender.models import Outcome
from salesai.tables import readable

ACCEPT_ALL = "all"  # value of the button that accepts whatever is open
RATINGS = range(1, 6)
MOST_TOLD = 400  # characters of the feedback in a message; the page has the whole


@transaction.atomic
def record_feedback(activity_id: str, posted: QueryDict) -> Activity:
    """Store what was posted as the activity's feedback.

    Raises DRF's ValidationError for what the API would refuse, and where the activity is another than the page showed;
    Http404 where there is none.
    """
    activity = get_object_or_404(Activity.objects.select_for_update(), pk=activity_id)
    if changes := changed_meanwhile(activity, posted):
        raise ValidationError(changes)
    feedback = feedback_from(activity, posted)
    contract.check(contract.validator("#/components/schemas/Feedback"), feedback)
    return update_activity(activity, {"feedback": feedback})


def changed_meanwhile(activity: Activity, posted: QueryDict) -> dict[str, list[str]]:
    """What is another than the page showed, in words; empty where nothing is."""
    seen, now = seen_in(posted), shown_of(activity)
    changes = {}
    if seen.get("list") != now["list"]:
        changes["suggestions"] = [
            "the list has been made anew since this page was opened. "
            "Your answers to what is still on it stand over it; save them again."
        ]
    if seen.get("feedback") != now["feedback"]:
        feedback = shorten(readable(activity.feedback), MOST_TOLD, placeholder=" …")
        changes["feedback"] = [
            f"it has changed since this page was opened, and is now: {feedback}. "
            "Your changes stand over it; save them again."
        ]
    return changes


def shown_of(activity: Activity) -> dict[str, Any]:
    """What a page shows to be answered: the feedback, and the list by the moment that it was made."""
    return {"feedback": activity.feedback, "list": str(activity.generated_at)}


def seen_from(activity: Activity) -> str:
    """What `seen_in` reads; signed, so that nothing but a section of ours comes back."""
    return signing.dumps(shown_of(activity))


def seen_in(posted: QueryDict) -> dict[str, Any]:
    """What the page was built from, as of `shown_of`; empty where it does not say."""
    try:
        return signing.loads(posted.get("seen", ""))
    except signing.BadSignature:
        return {}


def feedback_from(activity: Activity, posted: QueryDict) -> dict[str, Any]:
    """The section as it is stored, with what the person changed over it; it may hold what the API would refuse."""
    now, seen = activity.feedback, seen_in(posted).get("feedback", {})
    answers = answers_over(activity, answers_in(seen), posted)
    rating, comments = str(seen.get("userRating") or ""), as_typed(seen.get("comments") or "")
    typed_rating, typed_comments = posted.get("rating", rating), as_typed(posted.get("comments", comments))
    section = {
        "acceptedRecommendations": [product for product, answer in answers.items() if answer == Outcome.ACCEPTED],
        "rejectedRecommendations": [product for product, answer in answers.items() if answer == Outcome.REJECTED],
        "userRating": now.get("userRating") if typed_rating == rating else rating_from(typed_rating),
        "comments": now.get("comments") if typed_comments == comments else typed_comments,
    }
    return {name: value for name, value in section.items() if value not in (None, "", [])}


def answers_over(activity: Activity, seen: dict[str, Outcome], posted: QueryDict) -> dict[str, str]:
    """Product to answer: as stored, but for the lines that the person answered otherwise than the page showed."""
    answers: dict[str, str] = answers_in(activity.feedback)
    for product in (line["product"] for line in activity.recommendations):
        typed = posted.get(f"outcome-{product}")
        if typed is None:
            continue  # on the list since the page was opened
        if typed != seen.get(product, Outcome.OPEN):
            answers[product] = typed
        if posted.get("build") == ACCEPT_ALL and answers.get(product, Outcome.OPEN) == Outcome.OPEN:
            answers[product] = Outcome.ACCEPTED
    return answers


def rating_from(text: str) -> int | str | None:
    """A number where it is a rating, nothing for nothing; anything else as it is, for the contract to refuse."""
    return int(text) if text in map(str, RATINGS) else text or None


def as_typed(text: str) -> str:
    """Without what browsers add to a text: carriage returns, and what stands around it."""
    return text.replace("\r\n", "\n").strip()


def told(error: ValidationError) -> str:
    """The faults in one line."""
    return "; ".join(f"{path}: {' '.join(map(str, said))}" for path, said in error.detail.items())


def shown_again(admin: ModelAdmin, request: HttpRequest, pk: str, **typed: Any) -> HttpResponse:
    """The page that was posted from; its `render_change_form` finds in the context what was typed."""
    request.method = "GET"  # Django takes a post for one of its own form, which nobody may change here
    try:
        return admin.change_view(request, pk, extra_context={"posted": request.POST} | typed)
    finally:
        request.method = "POST"
