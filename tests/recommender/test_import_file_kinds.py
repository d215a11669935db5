"""The same orders load from files of many kinds."""

import gzip
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from django.core.management import call_command
from openpyxl import Workbook

from recommender.models import Order, OrderLine, Product
from tests.recommender.order_files import CSV, HEADER, LOADED, ROWS, loaded

pytestmark = pytest.mark.usefixtures("empty_house")


@pytest.fixture
def import_sheet(tmp_path, capsys):
    """Write a workbook whose sheet comes after a hidden one and import it; returns what is said."""

    def run(rows: list[list], hidden: Sequence[list] = ()) -> str:
        workbook = Workbook()
        workbook.active.sheet_state = "hidden"
        for sheet, content in ((workbook.active, hidden), (workbook.create_sheet(), rows)):
            for row in content:
                sheet.append(row)
        workbook.save(tmp_path / "orders.xlsx")
        call_command("import_orders", str(tmp_path / "orders.xlsx"))
        return capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(CSV.encode()), id="gzip"),
        pytest.param(b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode(), id="byte order mark and CRLF"),
        pytest.param(CSV.encode("utf-16"), id="UTF-16"),
        pytest.param(CSV.encode("cp1252"), id="Windows-1252"),
        pytest.param(CSV.replace(",", "\t"), id="tabs"),
        pytest.param(CSV.replace(",", ";").replace("2.5", "2,5").replace("1.1", "1,1"), id="decimal commas"),
        pytest.param(re.sub(r"[^,\n]+", r'"\g<0>"', CSV).replace(",", ";"), id="semicolons and quotes"),
        pytest.param(CSV.replace("\n1002", "\n\n,,,,,,,\n1002"), id="blank rows"),
        pytest.param(CSV.replace("Dairy\n", "Dairy,,\n"), id="surplus commas"),
    ],
)  # fmt: skip
def test_the_same_orders_load_from_any_delimited_text(import_file, content):
    import_file(content)
    assert loaded() == LOADED


def test_the_same_orders_load_from_excel(import_sheet):
    assert "errors" not in import_sheet([[None], HEADER, *ROWS])
    assert loaded() == LOADED


def test_of_a_workbook_the_first_sheet_that_is_not_hidden_counts(import_sheet):
    import_sheet([HEADER, *ROWS], hidden=[HEADER, ["1", "C9", "beer", 1, datetime(2020, 1, 1)]])
    assert loaded() == LOADED


def test_cells_that_hold_an_error_are_blank_and_a_note_says_that_there_are_some(import_sheet):
    said = import_sheet([HEADER, [*ROWS[0][:5], "#N/A", *ROWS[0][6:]]])
    assert "orders.xlsx has cells with errors such as #N/A; they are read as blank." in said
    assert OrderLine.objects.get().unit_price is None


def test_the_same_orders_load_from_parquet(tmp_path):
    pl.DataFrame(ROWS, schema=HEADER, orient="row").write_parquet(tmp_path / "orders.parquet")
    call_command("import_orders", str(tmp_path / "orders.parquet"))
    assert loaded() == LOADED


def test_parquet_times_of_any_zone_are_those_moments_and_ids_of_a_column_with_gaps_are_whole(tmp_path):
    moment = datetime(2026, 7, 2, 23, 30, tzinfo=UTC)
    row = {"order": "1", "client": 17850.0, "product": 1e9, "quantity": 1, "price": 1234.5, "date": moment}
    in_berlin = pl.DataFrame([row]).with_columns(pl.col("date").dt.convert_time_zone("Europe/Berlin"))
    in_berlin.write_parquet(tmp_path / "orders.parquet")
    call_command("import_orders", str(tmp_path / "orders.parquet"))
    assert loaded() == [("1", "17850", "", moment, "1000000000", "", Decimal(1), Decimal("1234.5"))]


def test_parquet_columns_without_text_and_numbers_that_are_none_are_blank(tmp_path):
    row = {"order": "1", "client": "C1", "product": "milk", "quantity": 1, "date": "2026-03-02"}
    others = {"rep": float("nan"), "price": float("nan"), "uuid": b"\xff\xfe", "took": timedelta(hours=1)}
    pl.DataFrame([row | others]).write_parquet(tmp_path / "orders.parquet")
    call_command("import_orders", str(tmp_path / "orders.parquet"))
    assert (Order.objects.get().rep, OrderLine.objects.get().unit_price) == (None, None)


def test_parquet_cells_of_bytes_that_are_no_text_are_blank_and_the_others_are_read(tmp_path):
    row = {"order": b"1", "client": "C1", "product": "milk", "quantity": 1, "date": "2026-03-02"}
    reps = ["Zoë".encode(), b"\xff\xfe", b"", None]
    rows = [row | {"order": b"%d" % number, "rep": rep} for number, rep in enumerate(reps, 1)]
    others = pl.DataFrame({"product_name": [{"en": "Milk"}] * 4, "category": [["Dairy"]] * 4})
    pl.DataFrame(rows).hstack(others).write_parquet(tmp_path / "orders.parquet")
    call_command("import_orders", str(tmp_path / "orders.parquet"))
    assert list(Order.objects.order_by("pk").values_list("external_id", "rep__external_id")) == [
        ("1", "Zoë"),
        ("2", None),
        ("3", None),
        ("4", None),
    ]
    assert Product.objects.get().name == Product.objects.get().category == ""
