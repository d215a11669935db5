"""Files that cannot be read are refused with the reason."""

import gzip
import os
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from recommender.loading.errors import UnreadableFileError
from recommender.loading.order_import import open_order_file
from tests.recommender.order_files import CSV, HEADER, ROWS

pytestmark = pytest.mark.usefixtures("empty_house")
# More than is read at once.
LONG = CSV + "\n" * 2_000_000
# A quote that is not closed, and a later one in the same column.
SWALLOWED = CSV.replace("Café Lena,Dairy", '"Café Lena,Dairy').replace("1.1,,", '1.1,"Bar Nord",')


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("orders.csv", b"", "orders.csv is empty"),
        ("orders.csv", b"\n \n", "does not begin with the names of its columns"),
        ("orders.csv", b"foo,bar\n1,2\n", "No column was found for 'order', 'client'"),
        ("orders.csv", b"foo,bar\n1,2\n", "Columns found: foo, bar."),
        ("orders.csv", CSV.encode("cp1252") + b"\x81", "neither UTF-8 nor Windows-1252"),
        ("orders.csv", CSV.encode() + b"1003,C3,caf\xc3", "orders.csv is UTF-8 as far as line 5, and then is not"),
        ("orders.csv", CSV.encode() + b"1003,C3,caf\xe9,1,2026-03-03,,,\n", "UTF-8 as far as line 5, and then is not"),
        ("orders.csv", "\ufefforder,Br".encode() + b"\xc3", "UTF-8 as far as line 1, and then is not"),
        ("orders.csv", CSV.encode() + b'1003,"' + b"x" * 200_000, "line 5: field larger than field limit (131072)"),
        ("orders.csv", CSV.replace("milk,12", '"milk,12').encode(), "line 2: unexpected end of data (is a"),
        ("orders.csv", SWALLOWED.encode(), "line 2: ',' expected after '\"' (is a quote not closed?)"),
        ("orders.csv", b"PK\x03\x04\x14", "orders.csv is no text. Save an Excel workbook as .xlsx"),
        ("orders.xls", b"\xd0\xcf\x11\xe0\xa1", "orders.xls is no text. Save an Excel workbook as .xlsx"),
        ("orders.csv.gz", CSV.encode(), "is named .gz but is not a gzip file"),
        ("orders.csv.gz", gzip.compress(CSV.encode())[:-12], "is damaged or breaks off"),
        ("orders.csv.gz", gzip.compress((LONG + "é").encode()[:-1]), "line 2000005, and then is not"),
        ("orders.csv.gz", gzip.compress(LONG.encode("cp1252"))[:-12], "is damaged or breaks off"),
        ("orders.csv.gz", gzip.compress(LONG.encode("utf-16"))[:-12], "is damaged or breaks off"),
        ("orders.xlsx", CSV.encode(), "is not an Excel workbook"),
        ("orders.parquet", CSV.encode(), "is not a Parquet file"),
    ],
)  # fmt: skip
def test_they_are_refused_with_the_reason(refusal, name, content, said):
    assert said in refusal(content, name=name)


def damage_sheet(workbook: Path, sheet: str, at: int) -> None:
    """Turn the byte that far into what is kept of the sheet into another."""
    with ZipFile(workbook) as parts:
        part = parts.getinfo(f"xl/worksheets/{sheet}.xml")
    content = bytearray(workbook.read_bytes())
    start = part.header_offset + 30 + len(part.filename)
    content[start + at] ^= 0xFF
    workbook.write_bytes(content)


@pytest.mark.parametrize("sheet", ["sheet1", "sheet2"])
@pytest.mark.parametrize("at", [0, 17], ids=["cannot be unpacked", "unpacks to what was not packed"])
def test_a_workbook_of_which_a_sheet_is_damaged_is_refused_whichever_it_is(tmp_path, sheet, at):
    workbook = Workbook()
    for each in (workbook.active, workbook.create_sheet()):
        for row in (HEADER, *ROWS):
            each.append(row)
    workbook.save(tmp_path / "orders.xlsx")
    damage_sheet(tmp_path / "orders.xlsx", sheet, at)
    with pytest.raises(CommandError, match=r"orders\.xlsx is not an Excel workbook that can be read: "):
        call_command("import_orders", str(tmp_path / "orders.xlsx"))


def test_a_disk_that_fails_while_the_file_is_read_is_told(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(CSV)
    file = open_order_file(path)
    path.unlink()
    path.symlink_to("/proc/self/mem")  # its first bytes cannot be read
    with pytest.raises(UnreadableFileError, match=r"orders\.csv cannot be read: Input/output error\."):
        list(file.chunks)


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "orders.csv")
    with pytest.raises(CommandError, match=r"orders\.csv is neither a file nor a folder"):
        call_command("import_orders", str(tmp_path / "orders.csv"))


@pytest.mark.parametrize(
    ("name", "reason"), [("nothing.csv", "No such file"), (f"{'long' * 64}.csv", "File name too long")]
)
def test_a_file_that_is_not_there(tmp_path, name, reason):
    with pytest.raises(CommandError, match=f"cannot be read: {reason}"):
        call_command("import_orders", str(tmp_path / name))
