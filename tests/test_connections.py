"""Connections that threads keep: looked at before each request, with the statements of each request planned once."""

from collections.abc import Iterator

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.conftest import API


@pytest.fixture
def kept(db) -> Iterator[BaseDatabaseWrapper]:
    """The connection of a thread of the web server, between two requests."""
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    other.ensure_connection()
    yield other
    other.close()


def next_request(kept: BaseDatabaseWrapper) -> int:
    """What Django does as a request begins, and the request's first question: which process answers it."""
    kept.close_if_unusable_or_obsolete()
    with kept.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def test_a_connection_is_kept_from_request_to_request(kept):
    assert next_request(kept) == next_request(kept)


def test_one_that_the_server_has_ended_is_replaced_before_a_request_sees_it(kept):
    ended = next_request(kept)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])

    assert next_request(kept) != ended


def test_one_whose_last_request_met_an_error_is_asked_whether_it_works(kept):
    before = next_request(kept)
    kept.errors_occurred = True

    assert next_request(kept) == before
    assert not kept.errors_occurred


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
    assert asked == [3, 3, 3, 3]  # the key with one document; the key, the documents of a page, the total
