"""Activities as rows for a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet

from activities.feedback import answers_in
from recommender.models import Outcome

COLUMNS = [
    "id", "filed", "client", "rep", "type", "status", "model version", "lines", "order total", "confidence",
    "accepted", "rejected", "rating", "comment",
]  # fmt: skip
MOST_ROWS = 20_000  # that one request can write in good time; a bigger question is one for the API
# What spreadsheets take as the beginning of a formula (OWASP, "CSV injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


SHOWN = (
    "created_at", "client", "rep", "activity_type", "status", "model_version__number", "recommendations",
    "generated_order", "confidence", "feedback", "user_rating",
)  # fmt: skip


def rows_of(activities: QuerySet) -> Iterator[list[Any]]:
    for activity in activities.select_related("model_version").only(*SHOWN).iterator(chunk_size=500):
        answers = list(answers_in(activity.feedback).values())
        yield [
            activity.pk, f"{activity.created_at:%Y-%m-%d %H:%M:%S}", activity.client, activity.rep,
            activity.activity_type, activity.status,
            activity.model_version.version if activity.model_version else "", len(activity.recommendations),
            activity.generated_order.get("totalAmount"), activity.confidence, answers.count(Outcome.ACCEPTED),
            answers.count(Outcome.REJECTED), activity.user_rating, activity.feedback.get("comments", ""),
        ]  # fmt: skip


def harmless(cell: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front, which shows it as it is."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


class Echo:
    """What csv.writer writes into, to have each line back as it is made."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[list[Any]]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield "\ufeff"  # so that Excel reads UTF-8
    yield writer.writerow(COLUMNS)
    yield from (writer.writerow([harmless(cell) for cell in row]) for row in rows)
