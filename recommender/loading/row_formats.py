"""What the rows of a file mean: a row format says which column is which field, and what to leave out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from recommender.loading import online_retail
from recommender.loading.columns import listed, match_columns
from recommender.loading.errors import ColumnsError
from recommender.loading.order_file import LINE, OrderFile

AUTO, GENERIC = "auto", "generic"
FORMAT_NAMES = (AUTO, GENERIC, online_retail.NAME)

Cleaning = Callable[[pl.DataFrame], tuple[pl.DataFrame, dict[str, int]]]


@dataclass(frozen=True)
class RowFormat:
    """`columns` leads from field to column; `clean` leaves rows out and counts them by reason."""

    name: str
    columns: Mapping[str, str]
    clean: Cleaning

    def read(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
        """Rows as text by field, trimmed, blank ones null; and how many were left out, by reason."""
        named = rows.select(LINE, *(_trimmed(column).alias(field) for field, column in self.columns.items()))
        return self.clean(named)


def choose_format(file: OrderFile, name: str, mapping: Mapping[str, str]) -> RowFormat:
    """The named format; for `auto`, online-retail where the columns are its own, else generic.

    Raises:
        ColumnsError: the columns do not make an order, or a format that knows its columns comes with a mapping.
    """
    columns = online_retail.find_columns(file.columns)
    if name == online_retail.NAME and columns is None:
        wanted = ", ".join(names[0] for names in online_retail.COLUMNS.values())
        raise ColumnsError(f"{name} has the columns {wanted}. Columns found: {listed(file.columns)}.")
    if name == online_retail.NAME and mapping:
        raise ColumnsError(f"{name} knows its columns: leave out --map, or choose --format {GENERIC}.")
    if columns and name in (AUTO, online_retail.NAME) and not mapping:
        return RowFormat(online_retail.NAME, columns, online_retail.clean)
    return RowFormat(GENERIC, match_columns(file.columns, mapping), _all_rows)


def _all_rows(rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    return rows, {}


def _trimmed(column: str) -> pl.Expr:
    text = pl.col(column).str.strip_chars()
    return pl.when(text != "").then(text)
