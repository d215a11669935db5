"""Writing down what was suggested, and what reps answered to it.

Functions take whole batches and few statements, and belong into the transaction that stores the
results or the feedback itself. Who calls them holds the activities' rows locked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from recommender.models import Outcome, SuggestedLine
from recommender.requests import SuggestionResult

COLUMNS = (
    "activity", "client", "product", "rep", "model_version_id", "rank", "confidence", "quantity", "price",
    "suggested_at", "outcome", "outcome_at",
)  # fmt: skip
COPY_LINES = f"COPY {SuggestedLine._meta.db_table} ({', '.join(COLUMNS)}) FROM STDIN"
SUPERSEDE = f"UPDATE {SuggestedLine._meta.db_table} SET superseded = true WHERE activity = ANY(%s) AND NOT superseded"


@dataclass(frozen=True, slots=True)
class Visit:
    """The activity that suggestions are made for; `answers` is what its feedback says, by product."""

    activity: str
    client: str
    rep: str
    answers: Mapping[str, Outcome]


def record_generation(made: Sequence[tuple[Visit, SuggestionResult]], at: datetime) -> None:
    """Write the lines of new results; the activities' former lines stay, superseded.

    A product that was answered and is suggested again keeps its answer, on the new line.
    """
    supersede([visit.activity for visit, _ in made])
    answered_at = take_over_answers([visit.activity for visit, _ in made if visit.answers], made)
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(COPY_LINES) as copy:
        for visit, result in made:
            for rank, line in enumerate(result.recommendations, 1):
                copy.write_row(
                    row_of(visit, result, rank, line, at, answered_at.get((visit.activity, line["product"]), at))
                )


def supersede(activities: Sequence[str]) -> None:
    """The activities do not show their lines any more."""
    with connection.cursor() as cursor:
        cursor.execute(SUPERSEDE, [list(activities)])


def take_over_answers(
    activities: Sequence[str], made: Sequence[tuple[Visit, SuggestionResult]]
) -> dict[tuple[str, str], datetime]:
    """When the products suggested again were answered, by activity and product; their former lines are open again."""
    if not activities:
        return {}
    again = {(visit.activity, line["product"]) for visit, result in made for line in result.recommendations}
    former = [
        line
        for line in SuggestedLine.objects.answered().filter(activity__in=activities)
        if (line.activity, line.product) in again
    ]
    withdraw(former)
    return {(line.activity, line.product): line.outcome_at for line in former}


def row_of(
    visit: Visit, result: SuggestionResult, rank: int, line: Mapping[str, Any], at: datetime, answered_at: datetime
) -> tuple[Any, ...]:
    """The COLUMNS of a line as the contract shows it."""
    answer = visit.answers.get(line["product"])
    return (
        visit.activity, visit.client, line["product"], visit.rep, result.model_version.pk, rank, line["confidence"],
        line["quantity"], line["price"], at, (answer or Outcome.OPEN).value, answered_at if answer else None,
    )  # fmt: skip


def record_answers(visit: Visit, at: datetime) -> None:
    """Make the outcomes of an activity's lines those that its feedback says now.

    An answer that is as before keeps its time; one that is not given any more leaves its line open.
    """
    latest = {line.product: line for line in SuggestedLine.objects.filter(activity=visit.activity).latest_of_products()}
    withdraw([line for product, line in latest.items() if is_answered(line) and product not in visit.answers])
    changed, new = [], []
    for product, outcome in visit.answers.items():
        line = latest.get(product)
        if line is None:
            new.append(SuggestedLine(
                activity=visit.activity, client=visit.client, product=product, rep=visit.rep,
                suggested_at=at, outcome=outcome, outcome_at=at,
            ))  # fmt: skip
        elif line.outcome != outcome:
            line.outcome, line.outcome_at = outcome, at
            changed.append(line)
    SuggestedLine.objects.bulk_update(changed, ["outcome", "outcome_at"])
    SuggestedLine.objects.bulk_create(new)


def withdraw(lines: Sequence[SuggestedLine]) -> None:
    """Take the answers of these lines back; what was never suggested has nothing to stay for."""
    SuggestedLine.objects.filter(pk__in=[line.pk for line in lines if line.rank is None]).delete()
    suggested = SuggestedLine.objects.filter(pk__in=[line.pk for line in lines if line.rank is not None])
    suggested.update(outcome=Outcome.OPEN, outcome_at=None)


def is_answered(line: SuggestedLine) -> bool:
    return line.outcome != Outcome.OPEN
