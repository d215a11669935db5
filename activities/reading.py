"""Activities as they are shown: documents that PostgreSQL writes, and text from there to the caller."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import cache, lru_cache

from django.db import OperationalError, transaction
from django.db.models import BigIntegerField, Subquery
from psycopg.errors import QueryCanceled
from rest_framework import exceptions

from activities.filters import TALLIED, ListQuery, matching
from activities.models import Activity
from activities.tally import ActivityTally, ActivityTallyQuerySet
from salesai.prepared import Statement, fetch, statement_of
from salesai.time_limits import set_time_limit

KEPT_STATEMENTS = 1000  # some kilobytes each
LONGEST_SECONDS = 20  # that a `filter` may keep the database, which reads every document for what no index answers


def document_text(pk: str) -> str | None:
    """The activity as JSON text; None where there is none."""
    rows = fetch(document_statement(), [pk])
    return rows[0][0] if rows else None


@cache
def document_statement() -> str:
    sql, _ = statement_of(Activity.objects.filter(pk="").documents())
    return sql


def page_of(query: ListQuery, rep: str) -> tuple[list[str], int]:
    """The documents of a page, as JSON text, and how many activities match; of the rep's alone where one is given."""
    if query.filters.keys() - TALLIED.keys():
        found = matching(query, rep)  # which a bad filter is told by, whatever else is asked for
        with not_for_long() if "filter" in query.filters else nullcontext():
            return ([], 0) if query.asks_for_nothing else found.page_and_total(query.offset, query.limit)
    if query.asks_for_nothing:
        return [], 0
    filters = tuple(sorted(query.filters.items()))
    rows = fetch(*page_statement(filters, query.sort, query.descending, query.offset, query.limit, rep))
    total = rows[0][1] if rows else tallied(filters, rep).total()
    return [document for document, _ in rows], total


@contextmanager
def not_for_long() -> Iterator[None]:
    """Raises a DRF ValidationError where a statement takes longer than a filter may."""
    try:
        with transaction.atomic():
            set_time_limit("statement_timeout", timedelta(seconds=LONGEST_SECONDS))
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        advice = f"Takes longer than {LONGEST_SECONDS} seconds. Compare less, or narrow the list, as by client or rep."
        raise exceptions.ValidationError({"filter": [advice]}) from error


@lru_cache(maxsize=KEPT_STATEMENTS)
def page_statement(
    filters: tuple[tuple[str, str], ...], sort: str, descending: bool, offset: int, limit: int, rep: str
) -> Statement:
    """What finds the documents of a page and, beside each, the total, which is known without counting."""
    query = ListQuery(dict(filters), sort, descending, offset, limit)
    total = SumOfNumbers(tallied(filters, rep).values("number"))
    return statement_of(matching(query, rep).page(offset, limit).annotate(total=total))


def tallied(filters: tuple[tuple[str, str], ...], rep: str) -> ActivityTallyQuerySet:
    return ActivityTally.objects.visible_to(rep).filter(**{TALLIED[name]: value for name, value in filters})


class SumOfNumbers(Subquery):
    """The sum of a subquery's one column."""

    output_field = BigIntegerField()
    template = "(SELECT sum(numbers)::bigint FROM (%(subquery)s) AS found(numbers))"
