"""Generating many activities at once: one question to the engine, one UPDATE for the results."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from activities.feedback import filed_activity
from activities.generation import RESULTS, UNAVAILABLE, complete, fail, requests_for, result_row
from activities.models import FAILURE, Activity
from recommender.loading.staging import TEXT, StagingTable
from recommender.requests import SuggestionResult
from recommender.suggested_lines import record_generation
from recommender.suggestions import suggest

MADE = StagingTable(name="generated_results", columns={"id": TEXT} | RESULTS, notes={})
# Without the count of rows the planner may read the whole table of activities for a few of them.
COUNT_ROWS = f"ANALYZE {MADE.name} (id)"
TAKE_OVER = f"""
    UPDATE {Activity._meta.db_table} activity
    SET {", ".join(f"{column} = made.{column}" for column in RESULTS)}
    FROM {MADE.name} made WHERE activity.id = made.id"""


@dataclass(frozen=True, slots=True)
class ChunkOutcome:
    """How many activities were completed and failed, and why the first one of those did."""

    completed: int = 0
    failed: int = 0
    failure: str = ""

    def __add__(self, other: "ChunkOutcome") -> "ChunkOutcome":
        failure = self.failure or other.failure
        return ChunkOutcome(self.completed + other.completed, self.failed + other.failed, failure)


def generate_batch(activities: Sequence[Activity]) -> ChunkOutcome:
    """Generate activities whose rows the caller's transaction has locked; the results are those of `generate`.

    Where the batch fails it is halved until the activities that are to blame stand alone: those are
    marked as failed, the others completed.

    Raises:
        NoModelError, DamagedArtifactError, OperationalError, InterfaceError: as `generate` does.
    """
    if not activities:
        return ChunkOutcome()
    try:
        with transaction.atomic():
            store_results(activities, suggest(requests_for(activities)))
    except UNAVAILABLE:
        raise
    except Exception as error:
        if len(activities) == 1:
            fail(activities[0], error)
            return ChunkOutcome(failed=1, failure=activities[0].metadata[FAILURE])
        half = len(activities) // 2
        return generate_batch(activities[:half]) + generate_batch(activities[half:])
    return ChunkOutcome(completed=len(activities))


def store_results(activities: Sequence[Activity], results: Sequence[SuggestionResult]) -> None:
    at = timezone.now()
    for activity, result in zip(activities, results, strict=True):
        complete(activity, result, at)
    with connection.cursor() as cursor:
        MADE.create(cursor)
        MADE.copy_rows(cursor, map(result_row, activities))
        cursor.execute(COUNT_ROWS)
        cursor.execute(TAKE_OVER)
    record_generation([(filed_activity(a), result) for a, result in zip(activities, results, strict=True)], at)
