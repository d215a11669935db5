"""Activities as they are shown: documents that PostgreSQL writes, and text from there to the caller."""

from functools import cache, lru_cache

from django.db.models import BigIntegerField, Subquery

from activities.filters import TALLIED, ListQuery, matching
from activities.models import Activity
from activities.tally import ActivityTally, ActivityTallyQuerySet
from salesai.prepared import Statement, fetch, statement_of

KEPT_STATEMENTS = 1000  # some kilobytes each


def document_of(pk: str) -> str | None:
    """The activity as JSON text; None where there is none."""
    rows = fetch(document_statement(), [pk])
    return rows[0][0] if rows else None


@cache
def document_statement() -> str:
    sql, _ = statement_of(Activity.objects.filter(pk="").documents())
    return sql


def page_of(query: ListQuery, rep: str) -> tuple[list[str], int]:
    """The documents of a page, as JSON text, and how many activities match; of the rep's alone where one is given."""
    if query.asks_for_nothing:
        return [], 0
    if query.filters.keys() - TALLIED.keys():
        return matching(query, rep).page_and_total(query.offset, query.limit)
    filters = tuple(sorted(query.filters.items()))
    rows = fetch(*page_statement(filters, query.sort, query.descending, query.offset, query.limit, rep))
    total = rows[0][1] if rows else tallied(filters, rep).total()
    return [document for document, _ in rows], total


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
