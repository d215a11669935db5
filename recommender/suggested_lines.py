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
from recommender.requests import UPSELL, SuggestionResult

COLUMNS = (
    "activity", "client", "product", "rep", "model_version_id", "rank", "confidence", "quantity", "price",
    "suggested_at", "outcome", "larger_volume",
)  # fmt: skip
COPY_LINES = f"COPY {SuggestedLine._meta.db_table} ({', '.join(COLUMNS)}) FROM STDIN"
SUPERSEDE = f"UPDATE {SuggestedLine._meta.db_table} SET superseded = true WHERE activity = ANY(%s) AND NOT superseded"


@dataclass(frozen=True, slots=True)
class FiledActivity:
    """The activity that suggestions are made for; `answers` is what its feedback says, by product."""

    activity: str
    client: str
    rep: str
    purpose: str
    answers: Mapping[str, Outcome]


def record_generation(made: Sequence[tuple[FiledActivity, SuggestionResult]], at: datetime) -> None:
    """Write the lines of new results; the activities' former lines stay, superseded, with what was answered to them."""
    supersede([filed.activity for filed, _ in made])
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(COPY_LINES) as copy:
        for filed, result in made:
            for rank, line in enumerate(result.recommendations, 1):
                copy.write_row(row_of(filed, result, rank, line, at))


def supersede(activities: Sequence[str]) -> None:
    """The activities do not show their lines any more."""
    with connection.cursor() as cursor:
        cursor.execute(SUPERSEDE, [list(activities)])


def row_of(
    filed: FiledActivity, result: SuggestionResult, rank: int, line: Mapping[str, Any], at: datetime
) -> tuple[Any, ...]:
    """The COLUMNS of a line as the contract shows it."""
    return (
        filed.activity, filed.client, line["product"], filed.rep, result.model_version.pk, rank, line["confidence"],
        line["quantity"], line["price"], at, Outcome.OPEN.value, line.get("replaces") == line["product"],
    )  # fmt: skip


def record_answers(filed: FiledActivity, at: datetime) -> None:
    """Make the outcomes of an activity's lines those that its feedback says now.

    An answer that is as before stays where it was given, with its time, whatever was suggested since;
    another one is given to the line that was shown last. One that is not given any more leaves its line open.
    The activity may have been another client's, rep's or type's when a line was shown: an answer is of now. What was
    answered while it was another client's is taken back there and given here.
    """
    lines = SuggestedLine.objects.filter(activity=filed.activity)
    former = list(lines.answered())
    stand = {line for line in former if line.client == filed.client and filed.answers.get(line.product) == line.outcome}
    withdraw([line for line in former if line not in stand])
    as_before = {line.product: line.outcome for line in stand}
    given = {product: answer for product, answer in filed.answers.items() if as_before.get(product) != answer}
    suggested = lines.suggested().filter(client=filed.client, product__in=given)
    if filed.purpose != UPSELL:
        suggested = suggested.filter(larger_volume=False)
    shown = {line.product: line for line in suggested.latest_of_products()}
    for product, line in shown.items():
        line.rep, line.outcome, line.outcome_at = filed.rep, given[product], at
    SuggestedLine.objects.bulk_update(shown.values(), ["rep", "outcome", "outcome_at"])
    SuggestedLine.objects.bulk_create(
        SuggestedLine(
            activity=filed.activity, client=filed.client, product=product, rep=filed.rep,
            suggested_at=at, outcome=answer, outcome_at=at,
        )
        for product, answer in given.items() if product not in shown
    )  # fmt: skip


def withdraw(lines: Sequence[SuggestedLine]) -> None:
    """Take the answers of these lines back; what was never suggested has nothing to stay for."""
    SuggestedLine.objects.filter(pk__in=[line.pk for line in lines if line.rank is None]).delete()
    suggested = SuggestedLine.objects.filter(pk__in=[line.pk for line in lines if line.rank is not None])
    suggested.update(outcome=Outcome.OPEN, outcome_at=None)
