"""Connections that threads keep: looked at before each request, with the statements of each request planned once."""

from collections.abc import Callable, Iterator

import pytest
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from salesai.prepared import PreparingCursor, fetch
from tests.service import API


@pytest.fixture
def kept(db) -> Iterator[BaseDatabaseWrapper]:
    """The connection of a thread of the web server, between two requests."""
    other, of_test = connections.create_connection(DEFAULT_DB_ALIAS), connections[DEFAULT_DB_ALIAS]
    other.ensure_connection()
    connections[DEFAULT_DB_ALIAS] = other
    yield other
    connections[DEFAULT_DB_ALIAS] = of_test
    other.close()


def with_cursor(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def prepared(sql: str) -> int:
    return fetch(sql)[0][0]


def next_request(kept: BaseDatabaseWrapper, ask: Callable[[str], int] = with_cursor) -> int:
    """What Django does as a request begins, and the request's first question: which process answers it."""
    kept.close_if_unusable_or_obsolete()
    return ask("SELECT pg_backend_pid()")


def test_a_connection_is_kept_from_request_to_request(kept):
    assert next_request(kept) == next_request(kept)


@pytest.mark.parametrize("ask", [with_cursor, prepared])
def test_one_that_the_server_has_ended_is_replaced_before_a_request_sees_it(kept, ask):
    ended = next_request(kept, ask)
    with connections.create_connection(DEFAULT_DB_ALIAS).temporary_connection() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])

    assert next_request(kept, ask) != ended


def test_plans_that_a_migration_has_made_wrong_cost_one_request(kept):
    first = next_request(kept)
    kept.connection.execute("CREATE TEMPORARY TABLE reps (visits integer)")
    PreparingCursor(kept.connection).execute("SELECT visits FROM reps")
    kept.connection.execute("DO 'BEGIN ALTER TABLE reps ALTER visits TYPE bigint; END'")  # as if by another connection
    with pytest.raises(NotSupportedError), kept.wrap_database_errors:
        PreparingCursor(kept.connection).execute("SELECT visits FROM reps")

    assert next_request(kept) != first
    assert next_request(kept) == next_request(kept)


def test_what_each_request_asks_is_planned_once(tool):
    activity = tool.file()
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")

    for _ in range(3):
        tool.get()
        tool.get(f"{API}/{activity['_id']}")

    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans + custom_plans FROM pg_prepared_statements")
        asked = sorted(times for (times,) in cursor)
    assert asked == [3, 3, 3]  # the key with one document; the key; the documents of a page with the total
