"""Activities as an Excel workbook."""

import re
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from activities.export import COLUMNS, harmless

# Of XML 1.0; openpyxl looks for the first of them alone, and no program opens a workbook with the others.
NO_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def xlsx_bytes(rows: Iterable[list[Any]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Activities")
    sheet.append(COLUMNS)
    for row in rows:
        sheet.append([as_cell(sheet, value) for value in row])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def as_cell(sheet: Any, value: Any) -> WriteOnlyCell:
    """Text stays text: openpyxl would take what begins with "=" as a formula."""
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, harmless(NO_CHARACTERS.sub("", value)))
    cell.data_type = "s"
    return cell
