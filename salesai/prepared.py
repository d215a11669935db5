"""Statements that are asked at every request: written once, and planned once for each connection.

Django writes a statement anew for each query and lets PostgreSQL plan it anew, which takes longer
than the answer of a short one.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

Statement = tuple[str, tuple]


def statement_of(queryset: QuerySet) -> Statement:
    """The SQL of a queryset and its parameters, to be kept and asked again with `fetch`."""
    sql, parameters = queryset.query.sql_with_params()
    return sql, tuple(parameters)


def fetch(sql: str, parameters: Sequence[Any] = ()) -> list[tuple]:
    """All rows. Raises what a queryset raises."""
    database = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    database.ensure_connection()
    with database.wrap_database_errors, psycopg.Cursor(database.connection) as cursor:
        return cursor.execute(sql, parameters, prepare=True).fetchall()
