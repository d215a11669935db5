"""Reading of Excel workbooks."""

import zlib
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook, SheetMetadata, SheetTypeEnum, SheetVisibleEnum

from recommender.loading.errors import UnreadableFileError
from recommender.loading.order_file import CHUNK_ROWS, LINE, Chunk, OrderFile, distinct_names

ERROR_CELL = b' t="e"'
PART_BYTES = 1024 * 1024

NumberedRow = tuple[int, list[Any]]


def open_xlsx(path: Path) -> OrderFile:
    """Open the first sheet of a workbook that is not hidden; its first row that is not blank names the columns.

    The sheet is held in memory, which its format bounds at 1,048,576 rows. Cells that hold an error are blank to
    calamine (its issue 105), so a note says where there are some.

    Raises:
        UnreadableFileError: not a workbook, protected by a password, damaged in any sheet, or without any row.
    """
    try:
        workbook = CalamineWorkbook.from_path(path)
        sheet = workbook.get_sheet_by_index(_first_shown(workbook.sheets_metadata))
        has_errors = _has_errors(path)
    except (CalamineError, BadZipFile, EOFError, zlib.error) as error:
        raise UnreadableFileError(f"{path.name} is not an Excel workbook that can be read: {error}.") from error
    rows = ((number, row) for number, row in enumerate(sheet.iter_rows(), start=1) if any(cell != "" for cell in row))
    header = next(rows, None)
    if header is None:
        raise UnreadableFileError(f"The first sheet of {path.name} is empty.")
    columns = distinct_names([_text(cell) for cell in header[1]])
    notes = (f"{path.name} has cells with errors such as #N/A; they are read as blank.",) if has_errors else ()
    return OrderFile(path, columns, _chunks(rows, columns), size=sheet.total_height, unit="row", notes=notes)


def _first_shown(sheets: list[SheetMetadata]) -> int:
    shown = (SheetTypeEnum.WorkSheet, SheetVisibleEnum.Visible)
    return next((number for number, sheet in enumerate(sheets) if (sheet.typ, sheet.visible) == shown), 0)


def _has_errors(path: Path) -> bool:
    """Whether a cell of any sheet holds an error. Sheets are read part by part: one can be of a gigabyte."""
    with ZipFile(path) as workbook:
        for name in (name for name in workbook.namelist() if name.startswith("xl/worksheets/")):
            end = b""
            with workbook.open(name) as sheet:
                while part := sheet.read(PART_BYTES):
                    if ERROR_CELL in end + part:
                        return True
                    end = part[-len(ERROR_CELL) :]
    return False


def _chunks(rows: Iterator[NumberedRow], columns: list[str]) -> Iterator[Chunk]:
    while numbered := list(islice(rows, CHUNK_ROWS)):
        numbers, cells = zip(*numbered, strict=True)
        texts = {
            name: pl.Series([_text(cell) for cell in column], dtype=pl.String)
            for name, column in zip(columns, zip(*cells, strict=True), strict=True)
        }
        yield Chunk(pl.DataFrame({LINE: pl.Series(numbers, dtype=pl.Int64)} | texts), done=numbers[-1])


def _text(cell: Any) -> str:
    """A cell as a text file would have it: Excel keeps the id 536365 as the number 536365.0."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date) else str(cell)
