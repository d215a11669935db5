"""Temporary tables, filled by COPY, that last as long as the transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import connection
from django.db.backends.utils import CursorWrapper

# Text is compared by code point, as it is in the tables of the order history.
TEXT = 'text COLLATE "C"'


def quoted(name: str) -> str:
    """A column's name as SQL, also where it is a word of SQL such as order."""
    return connection.ops.quote_name(name)


@dataclass(frozen=True)
class StagingTable:
    """A temporary table: what COPY fills, and what the merge notes beside it.

    Each row also has a `position` that rises in the order of arrival.
    """

    name: str
    columns: dict[str, str]
    notes: dict[str, str]
    constraints: tuple[str, ...] = ()

    def create(self, cursor: CursorWrapper) -> None:
        """Make the table anew, empty. It is gone when the transaction ends."""
        columns = {"position": "bigint GENERATED ALWAYS AS IDENTITY"} | self.columns | self.notes
        definition = ", ".join([*(f"{quoted(name)} {kind}" for name, kind in columns.items()), *self.constraints])
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{self.name}")
        cursor.execute(f"CREATE TEMPORARY TABLE {self.name} ({definition}) ON COMMIT DROP")

    def copy_rows(self, cursor: CursorWrapper, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows of Python values, in the order of `columns`."""
        with connection.wrap_database_errors, cursor.copy(f"COPY {self._target(self.columns)} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def copy_frame(self, cursor: CursorWrapper, frame: pl.DataFrame) -> None:
        """Add the rows of a frame whose columns are some of `columns`; times are in UTC."""
        statement = f"COPY {self._target(frame.columns)} FROM STDIN (FORMAT csv)"
        # Text is always quoted, so that only a null is an empty field without quotes.
        text = frame.write_csv(
            include_header=False, quote_style="non_numeric", datetime_format="%Y-%m-%dT%H:%M:%S%.6f+00:00"
        )
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            copy.write(text)

    def _target(self, columns: Iterable[str]) -> str:
        return f"{self.name} ({', '.join(map(quoted, columns))})"
