"""Activities as they are shown: documents that PostgreSQL writes, and text from there to the caller."""

from functools import cache, lru_cache

from activities.filters import TALLIED, ListQuery, matching
from activities.models import Activity, ActivityTally
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
    page, total = page_statements(filters, query.sort, query.descending, query.offset, query.limit, rep)
    return [document for (document,) in fetch(*page)], fetch(*total)[0][0]


@lru_cache(maxsize=KEPT_STATEMENTS)
def page_statements(
    filters: tuple[tuple[str, str], ...], sort: str, descending: bool, offset: int, limit: int, rep: str
) -> tuple[Statement, Statement]:
    """What finds the page, and what knows the total without counting."""
    query = ListQuery(dict(filters), sort, descending, offset, limit)
    page = matching(query, rep).page(offset, limit)
    tally = ActivityTally.objects.visible_to(rep).filter(**{TALLIED[name]: value for name, value in filters})
    numbers, parameters = statement_of(tally.values("number"))
    total = f"SELECT coalesce(sum(number), 0)::bigint FROM ({numbers}) AS numbers"
    return statement_of(page), (total, parameters)
