"""What a change of an activity's inputs does to what was made from them."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from activities.draft_order import draft_order
from activities.feedback import answers_in, pass_on
from activities.job_queue import drop_generation
from activities.models import Activity
from activities.review import judge
from recommender.suggested_lines import supersede

MADE_FROM = ("client", "activity_type", "input_data", "requested_model")


@transaction.atomic
def update_activity(activity: Activity, fields: dict[str, Any]) -> Activity:
    """Store the given fields. A real change of what the results were made from empties them."""
    former_answers = activity.client, answers_in(activity.feedback)
    untrue = any(name in fields and said(getattr(activity, name)) != said(fields[name]) for name in MADE_FROM)
    for name, value in fields.items():
        setattr(activity, name, value)
    if untrue:
        activity.forget_results()
        supersede([activity.id])
    elif activity.generated_at is None:
        activity.ai_model = activity.requested_model
    activity.generated_order = draft_order(activity.id, activity.recommendations, activity.feedback)
    activity.save()
    if (activity.client, answers_in(activity.feedback)) != former_answers:
        pass_on(activity, timezone.now())
    judge([activity.pk])
    return activity


def said(inputs: Any) -> Any:
    """What inputs ask for: a part that is empty asks for nothing."""
    return {name: part for name, part in inputs.items() if part not in ({}, [])} if isinstance(inputs, dict) else inputs


@transaction.atomic
def create_activity(**fields: Any) -> Activity:
    activity = Activity.objects.create(**fields, ai_model=fields.get("requested_model", {}))
    if activity.feedback:
        pass_on(activity, timezone.now())
        judge([activity.pk])
    return activity


@transaction.atomic
def cancel_activity(activity: Activity) -> Activity:
    """Raises CompletedError for one that is completed; a cancelled one stays as it is."""
    if activity.status == Activity.Status.COMPLETED:
        raise CompletedError("The activity is completed: there is nothing left to cancel.")
    if not activity.is_cancelled:
        activity.status = Activity.Status.CANCELLED
        activity.save()
        drop_generation(activity.id)
        judge([activity.pk])
    return activity


@transaction.atomic
def reopen_activity(activity: Activity) -> bool:
    """Let a cancelled activity be generated again; whether it was one."""
    if not activity.is_cancelled:
        return False
    activity.status = Activity.Status.PROCESSING
    activity.save()
    judge([activity.pk])
    return True


class CompletedError(Exception):
    """A completed activity cannot be cancelled."""
