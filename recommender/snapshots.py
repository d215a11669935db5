"""One state of the database, read by many sessions: what is stored meanwhile is in none of their eyes."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def shared_snapshot() -> Iterator[str]:
    """The name of the database's state now, which `reading` sessions on any machine see until the end of the block."""
    holder = connection.copy()
    try:
        with holder.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            try:
                yield cursor.fetchone()[0]
            finally:
                cursor.execute("ROLLBACK")
    finally:
        holder.close()


@contextmanager
def reading(snapshot: str) -> Iterator[None]:
    """Read the state of that name, and change nothing."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET TRANSACTION SNAPSHOT %s", [snapshot])
        yield
