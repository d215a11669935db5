"""Making suggestions for an activity and storing them, whole or not at all."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from procrastinate.exceptions import AlreadyEnqueued

from activities.draft_order import draft_order
from activities.feedback import filed_activity, outcomes_for
from activities.job_queue import queue_generation
from activities.models import FAILURE, Activity
from activities.review import judge
from recommender.errors import DamagedArtifactError, NoModelError
from recommender.registry import active_versions
from recommender.request_history import as_of
from recommender.suggested_lines import record_generation
from recommender.suggestions import SuggestionRequest, SuggestionResult, suggest
from salesai.metrics import GENERATIONS
from salesai.prepared import KeptQuery

logger = structlog.get_logger(__name__)

# What a generation reads; the former results and their search text stay where they are.
READ = ("client", "rep", "activity_type", "status", "input_data", "requested_model", "feedback", "metadata")
# What it makes: documents, and columns with their types.
JSON_RESULTS = ("ai_model", "recommendations", "insights", "accuracy", "generated_order", "metadata")
RESULTS = dict.fromkeys(JSON_RESULTS, "jsonb") | {
    "status": "text",
    "processing_time": "float8",
    "model_version_id": "bigint",
    "generated_at": "timestamptz",
    "updated_at": "timestamptz",
}
STORE = f"""
    UPDATE {Activity._meta.db_table}
    SET {", ".join(f"{column} = %s::{kind}" for column, kind in RESULTS.items())}
    WHERE id = %s"""
CANCELLED = "The activity is cancelled. Ops can reopen it in the admin."


class CancelledError(Exception):
    """A cancelled activity is not generated."""


class GenerationError(Exception):
    """The suggestions could not be made; the activity says why in `metadata.failure`."""


# Nobody's fault in the activity: the work can be done later, and nothing is to be changed until then.
UNAVAILABLE = (NoModelError, DamagedArtifactError, OperationalError, InterfaceError)


def generate(activity_id: str, rep: str = "") -> Activity:
    """Generate and store the suggestions of an activity, of the rep's alone where one is given.

    The row is locked meanwhile, so that parallel calls follow each other and none sees half a result.

    Raises:
        Activity.DoesNotExist: there is none by that id, or it is another rep's.
        CancelledError: the activity is cancelled.
        NoModelError: no model has been trained; nothing was changed.
        DamagedArtifactError: the model's files are damaged; nothing was changed.
        OperationalError: the database is out of reach; nothing was changed.
        GenerationError: anything else; the activity is `failed` and keeps its former results.
    """
    failure = None
    with transaction.atomic():
        activity = to_generate(activity_id, rep)
        try:
            with transaction.atomic():
                store_result(activity, suggest(requests_for([activity]))[0])
        except UNAVAILABLE:
            raise
        except Exception as error:
            fail(activity, error)
            failure = error
        judge([activity.pk])
    if failure:
        raise GenerationError(activity.metadata[FAILURE]) from failure
    return activity


def to_generate(activity_id: str, rep: str) -> Activity:
    """The activity with what a generation reads, locked. Raises Activity.DoesNotExist, CancelledError."""
    found = locked_activity(activity_id)
    if not found or (rep and found[0].rep != rep):
        raise Activity.DoesNotExist
    if found[0].is_cancelled:
        raise CancelledError(CANCELLED)
    return found[0]


@KeptQuery
def locked_activity() -> QuerySet:
    return Activity.objects.filter(pk="").only(*READ).order_by().select_for_update()


@transaction.atomic
def generate_later(activity_id: str, rep: str = "") -> Activity:
    """Leave it to the workers: the activity is `processing`, its former results still there.

    Raises:
        Activity.DoesNotExist: there is none by that id, or it is another rep's.
        CancelledError: the activity is cancelled.
        NoModelError: no model has been trained; nothing was changed.
    """
    activity = to_generate(activity_id, rep)
    active_versions()
    activity.status = Activity.Status.PROCESSING
    activity.forget_failure()
    activity.save(update_fields=["status", "metadata", "updated_at"])
    with suppress(AlreadyEnqueued), transaction.atomic():
        queue_generation(activity_id)
    return activity


def generate_waiting(activity_id: str) -> None:
    """Generate the activity if that is still wanted: it may be gone, cancelled or done meanwhile. As `generate`."""
    with transaction.atomic():
        is_wanted = locked_if_waiting(activity_id) is not None
    if is_wanted:
        generate(activity_id)


@transaction.atomic
def fail_waiting(activity_id: str, reason: str) -> None:
    """Mark as failed what still waits for its results."""
    activity = locked_if_waiting(activity_id)
    if activity is not None:
        mark_failed(activity, reason)
        judge([activity.pk])


def locked_if_waiting(activity_id: str) -> Activity | None:
    """The activity if it waits for its results; who is just asking for them is waited for."""
    # By its id alone: a query for those that wait passes over what is not committed yet.
    found = locked_activity(activity_id)
    return found[0] if found and found[0].status == Activity.Status.PROCESSING else None


def requests_for(activities: Sequence[Activity]) -> list[SuggestionRequest]:
    """The activities' inputs, and what their clients' reps have answered so far, as plain data for the engine."""
    requests = [inputs_of(activity) for activity in activities]
    outcomes = outcomes_for(activities, [as_of(request) for request in requests])
    return [replace(request, outcomes=known) for request, known in zip(requests, outcomes, strict=True)]


def inputs_of(activity: Activity) -> SuggestionRequest:
    inputs = activity.input_data
    return SuggestionRequest(
        client=activity.client,
        purpose=activity.activity_type,
        orders=inputs.get("historicalOrders", []),
        preferences=inputs.get("clientPreferences", {}),
        market=inputs.get("marketData", {}),
        stock=inputs.get("inventoryLevels", {}),
        parameters=activity.requested_model.get("parameters", {}),
        model_name=activity.requested_model.get("name"),
        model_version=activity.requested_model.get("version"),
        now=timezone.now(),
    )


def store_result(activity: Activity, result: SuggestionResult) -> None:
    complete(activity, result, timezone.now())
    pk, *results = result_row(activity)
    with connection.cursor() as cursor:
        cursor.execute(STORE, [*results, pk])
    record_generation([(filed_activity(activity), result)], activity.generated_at)
    GENERATIONS.labels(activity.activity_type, "completed").inc()


def complete(activity: Activity, result: SuggestionResult, at: datetime) -> None:
    """Make the activity show the result; saving it is the caller's."""
    activity.ai_model = used_model(activity.requested_model, result)
    activity.recommendations = result.recommendations
    activity.insights = result.insights
    activity.accuracy = result.accuracy
    activity.processing_time = result.seconds
    activity.model_version = result.model_version
    activity.generated_order = draft_order(activity.id, result.recommendations, activity.feedback)
    activity.forget_failure()
    activity.status = Activity.Status.COMPLETED
    activity.generated_at = activity.updated_at = at


def result_row(activity: Activity) -> tuple:
    """The id, and the columns of RESULTS."""
    values = ((column, getattr(activity, column)) for column in RESULTS)
    return activity.id, *(json.dumps(value) if column in JSON_RESULTS else value for column, value in values)


def used_model(requested: dict, result: SuggestionResult) -> dict:
    """The aiModel that answered and, where that is not the one asked for, what was asked."""
    used = {
        "name": result.model_version.name,
        "version": result.model_version.version,
        "confidence": result.confidence,
        "parameters": result.parameters,
    }
    asked = {key: requested[key] for key in ("name", "version") if key in requested}
    return used if all(used[key] == value for key, value in asked.items()) else used | {"requested": asked}


def fail(activity: Activity, error: Exception) -> None:
    """Mark the activity as failed; the former results stay beside the reason."""
    logger.error("generation_failed", activity=activity.id, exc_info=error)
    GENERATIONS.labels(activity.activity_type, "failed").inc()
    mark_failed(activity, f"{type(error).__name__}: {error}")


def mark_failed(activity: Activity, reason: str) -> None:
    activity.metadata = activity.metadata | {FAILURE: reason}
    activity.status = Activity.Status.FAILED
    activity.save(update_fields=["metadata", "status", "updated_at"])
