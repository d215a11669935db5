"""Import of an order file: all of it or, where a row is bad, nothing; or, if so asked, the orders without a bad row."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from recommender.loading.csv_file import open_csv
from recommender.loading.errors import BadRowsError, UnreadableFileError
from recommender.loading.master_data import CLIENTS, PRODUCTS, SALES_REPS, merge_staged
from recommender.loading.merge import wait_for_other_merges
from recommender.loading.order_file import Chunk, OrderFile
from recommender.loading.orders import merge_many_staged_orders
from recommender.loading.parquet_file import open_dataset, open_parquet
from recommender.loading.rejects import RejectsFile
from recommender.loading.row_formats import RowFormat
from recommender.loading.rows import MergeCounts
from recommender.loading.staged_rows import (
    STAGED_ROWS,
    count_orders_with_several_dates,
    leave_out_orders,
    orders_claimed_twice,
    remove_rows,
    stage_master_data,
    stage_orders,
)
from recommender.loading.validation import check
from recommender.loading.xlsx_file import open_xlsx

# The field that names a client, rep or product, and the table it is kept in.
MASTER_DATA = {"client": CLIENTS, "rep": SALES_REPS, "product": PRODUCTS}
OPENERS = {".xlsx": open_xlsx, ".xlsm": open_xlsx, ".parquet": open_parquet, ".pq": open_parquet}


@dataclass
class ImportReport:
    """What an import did.

    rows                       all of the file
    lines                      order lines of the file
    rejected                   bad rows
    left_out                   good rows that were left out with a bad one of their order
    orders_with_several_dates  of which the earliest was taken
    long_rows                  rows that go on over further lines, as names may, and after a stray quote other rows
    first_long_row             the line that the first of those begins in
    skipped                    rows that the format says are no orders, by reason
    merged                     what became of orders, clients, reps and products
    """

    rows: int = 0
    lines: int = 0
    rejected: int = 0
    left_out: int = 0
    orders_with_several_dates: int = 0
    long_rows: int = 0
    first_long_row: int | None = None
    skipped: Counter[str] = field(default_factory=Counter)
    merged: dict[str, MergeCounts] = field(default_factory=dict)


def open_order_file(path: Path) -> OrderFile:
    """Open a CSV, Excel or Parquet file by its suffix, or a folder of Parquet files.

    Raises:
        UnreadableFileError: it is not there or cannot be read as what it should be.
        ColumnsError: a folder's file lacks a column.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise UnreadableFileError(f"{path} is neither a file nor a folder. Save what a pipe gives as a file.")
        return open_dataset(path) if path.is_dir() else OPENERS.get(path.suffix.lower(), open_csv)(path)
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be read: {error.strerror or error}.") from error


def import_orders(
    file: OrderFile,
    row_format: RowFormat,
    rejects: RejectsFile,
    *,
    skip_bad: bool = False,
    dry_run: bool = False,
    on_progress: Callable[[int], None] = lambda done: None,
) -> ImportReport:
    """Load a file in one transaction. The same file again changes nothing.

    Args:
        rejects: where bad rows are written down.
        skip_bad: load the orders of which no row is bad. Of the others nothing changes: without its bad
            rows an order would replace the stored one by a part of it.
        dry_run: undo it all at the end, and report what it would have done.
        on_progress: called with how much of the file's size is read.

    Raises:
        BadRowsError: rows are bad and not to be skipped. Nothing was loaded.
        UnreadableFileError: the file breaks off or cannot be decoded, or a row to be skipped goes on over further
            lines or does not name its order. Nothing was loaded.
    """
    report, order_column = ImportReport(), row_format.columns["order"]
    order_place, product_place = (file.columns.index(row_format.columns[field]) for field in ("order", "product"))
    bad_rows: list[tuple[int, str]] = []
    with transaction.atomic(), connection.cursor() as cursor:
        STAGED_ROWS.create(cursor)
        for chunk in file.chunks:
            rows, skipped = row_format.read(chunk.rows)
            checked = check(rows, row_format.columns, file.decimal_comma)
            STAGED_ROWS.copy_frame(cursor, checked.rows)
            faults = pl.concat([chunk.faults, checked.faults]).sort("line", maintain_order=True)
            rejects.add(faults)
            if skip_bad:
                _refuse_to_skip(chunk.long.intersection(faults["line"]))
                _refuse_to_guess([*checked.orderless, *_torn_orderless(chunk, order_place, product_place)])
            bad_rows += checked.bad_orders.iter_rows()
            bad_rows += _torn_orders(chunk, order_place)
            report.rows += len(chunk.rows) + len(chunk.faults)
            report.long_rows += len(chunk.long)
            report.first_long_row = report.first_long_row or min(chunk.long, default=None)
            report.skipped.update(skipped)
            on_progress(chunk.done)
        claimed_twice = orders_claimed_twice(cursor, row_format.columns["client"])
        rejects.add(claimed_twice)
        bad_rows += remove_rows(cursor, claimed_twice["line"].to_list())
        report.rejected = rejects.count
        if rejects.count and not skip_bad:
            raise BadRowsError(f"Nothing was loaded, because of bad rows ({rejects.count}):\n{rejects}")
        left_out = leave_out_orders(cursor, bad_rows, order_column)
        rejects.add(left_out)
        report.left_out = len(left_out)
        _merge(cursor, row_format, report)
        transaction.set_rollback(dry_run)
    return report


def _refuse_to_skip(long_rows: frozenset[int]) -> None:
    """A bad row that goes on over further lines may have swallowed rows of any order, which then is not whole."""
    if long_rows:
        raise UnreadableFileError(
            f"Nothing was loaded: the row that begins in line {min(long_rows)} is bad and goes on over further lines. "
            "Nobody knows what would be skipped with it (is a quote not closed?)."
        )


def _refuse_to_guess(orderless: list[int]) -> None:
    """An order loaded without a row of its own would replace the stored one by a part of it."""
    if orderless:
        raise UnreadableFileError(
            f"Nothing was loaded: the row of line {min(orderless)} is bad and names no order. "
            "Nobody knows which order is not whole without it (does an order stand once for several rows?)."
        )


def _torn_orders(chunk: Chunk, place: int) -> Iterator[tuple[int, str]]:
    """Line and order of rows with too many or too few cells."""
    for line, cells in chunk.torn.items():
        for order in _torn_cells(cells, place, chunk.rows.width - 1):
            yield line, order


def _torn_orderless(chunk: Chunk, order_place: int, product_place: int) -> Iterator[int]:
    """Lines of those that have a product but no order."""
    width = chunk.rows.width - 1
    for line, cells in chunk.torn.items():
        if any(_torn_cells(cells, product_place, width)) and not any(_torn_cells(cells, order_place, width)):
            yield line


def _torn_cells(cells: list[str], place: int, width: int) -> set[str]:
    """Nobody knows on which side of a cell its row is torn, so the one counted from either end may be it."""
    return {cells[each].strip() for each in (place, len(cells) - width + place) if 0 <= each < len(cells)}


def _merge(cursor: CursorWrapper, row_format: RowFormat, report: ImportReport) -> None:
    report.orders_with_several_dates = count_orders_with_several_dates(cursor)
    report.lines = stage_orders(cursor, row_format.name)
    for key, table in MASTER_DATA.items():
        stage_master_data(cursor, table, key, row_format.columns)
    wait_for_other_merges(cursor)
    master_data = {f"{key}s": merge_staged(cursor, table) for key, table in MASTER_DATA.items()}
    report.merged = {"orders": merge_many_staged_orders(cursor)} | master_data
