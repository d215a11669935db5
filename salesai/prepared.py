"""Statements that are asked at every request: written once, and planned once for each connection.

Django writes a statement anew for each query and lets PostgreSQL plan it anew, which takes longer
than the answer of a short one.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Self

import psycopg
from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import BooleanField, F, Func, Model, QuerySet, TextField, Value

Statement = tuple[str, tuple]


class PreparingCursor(psycopg.Cursor):
    """Has PostgreSQL plan each statement once for the connection."""

    def execute(self, query: str, params: Sequence[Any] | dict[str, Any] | None = None) -> Self:
        return super().execute(query, params, prepare=True)


def statement_of(queryset: QuerySet) -> Statement:
    """The SQL of a queryset and its parameters, to be kept and asked again with `fetch`."""
    sql, parameters = queryset.query.sql_with_params()
    return sql, tuple(parameters)


def fetch(sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[tuple]:
    """All rows of a SELECT. Raises what a queryset raises.

    What writes goes by Django's cursor: pghistory puts who is at it before the statement, and two
    statements cannot be prepared.
    """
    database = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    database.ensure_connection()
    wrapped = database.make_debug_cursor if database.queries_logged else database.make_cursor
    with wrapped(PreparingCursor(database.connection)) as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


class KeptQuery:
    """Made of a function that gives a queryset, as a decorator: finds the model instances that this one finds.

    The function is called once, at the first question; the parameters may be others each time.
    """

    def __init__(self, queryset_of: Callable[[], QuerySet]) -> None:
        self.queryset_of = queryset_of

    def __call__(self, *parameters: Any) -> list[Model]:
        """With these parameters, in the order of the SQL; without any, with the queryset's own."""
        return self.compiled.instances(parameters)

    @cached_property
    def compiled(self) -> "CompiledQuery":
        return CompiledQuery(self.queryset_of())


class CompiledQuery:
    """The SQL of a queryset, and how its rows become instances."""

    def __init__(self, queryset: QuerySet) -> None:
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self.model = queryset.model
        self.sql, self.parameters = compiler.as_sql()
        columns = [column for column, _, _ in compiler.select]
        self.fields = [columns[position].target.attname for position in compiler.klass_info["select_fields"]]
        self.annotations = list(compiler.annotation_col_map)  # they stand behind the fields
        self.converters = compiler.get_converters(columns)

    def instances(self, parameters: Sequence[Any]) -> list[Model]:
        return [self.instance(self.converted(row)) for row in fetch(self.sql, parameters or self.parameters)]

    def instance(self, values: list[Any]) -> Model:
        number = len(self.fields)
        found = self.model.from_db(DEFAULT_DB_ALIAS, self.fields, values[:number])
        vars(found).update(zip(self.annotations, values[number:], strict=True))
        return found

    def converted(self, row: tuple) -> list[Any]:
        values = list(row)
        for position, (functions, column) in self.converters.items():
            for convert in functions:
                values[position] = convert(values[position], column, connections[DEFAULT_DB_ALIAS])
        return values


class IsAnyOf(Func):
    """What `__in` means of texts, as one parameter: a kept statement serves however many there are."""

    output_field = BooleanField()
    template = "(%(expressions)s))"
    arg_joiner = " = ANY("

    def __init__(self, field: str) -> None:
        super().__init__(F(field), Value([], ArrayField(TextField())))
