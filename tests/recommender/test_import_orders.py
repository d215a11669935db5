"""An operator imports order files: what is loaded, what is refused, and what is said about it."""

import gzip
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from openpyxl import Workbook

from recommender.models import Client, Order, OrderLine, Product, SalesRep

pytestmark = pytest.mark.usefixtures("empty_house")

HEADER = ["Order ID", "customer", "SKU", "qty", "Date", "unit price", "client_name", "Category"]
ROWS = [
    ["1001", "C1", "milk", 12, datetime(2026, 3, 2, 9, 30), 1.1, "Café Lena", "Dairy"],
    ["1001", "C1", "rice", 2.5, datetime(2026, 3, 2, 9, 30), None, "Café Lena", None],
    ["1002", "C2", "milk", -1, datetime(2026, 3, 3), 1.1, None, "Dairy"],
]
CSV = """\
Order ID,customer,SKU,qty,Date,unit price,client_name,Category
1001,C1,milk,12,2026-03-02 09:30:00,1.1,Café Lena,Dairy
1001,C1,rice,2.5,2026-03-02T09:30:00Z,,Café Lena,
1002,C2,milk,-1,2026-03-03,1.1,,Dairy
"""
# More than is read at once.
LONG = CSV + "\n" * 2_000_000
# A quote that is not closed, and a later one in the same column.
SWALLOWED = CSV.replace("Café Lena,Dairy", '"Café Lena,Dairy').replace("1.1,,", '1.1,"Bar Nord",')
LOADED = [
    ("1001", "C1", "Café Lena", datetime(2026, 3, 2, 9, 30, tzinfo=UTC), "milk", "Dairy", Decimal(12), Decimal("1.1")),
    ("1001", "C1", "Café Lena", datetime(2026, 3, 2, 9, 30, tzinfo=UTC), "rice", "", Decimal("2.5"), None),
    ("1002", "C2", "", datetime(2026, 3, 3, tzinfo=UTC), "milk", "Dairy", Decimal(-1), Decimal("1.1")),
]


@pytest.fixture
def import_file(tmp_path, capsys):
    """Write a file and import it; returns the summary line."""

    def run(content: str | bytes, *options: str, name: str = "orders.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        call_command("import_orders", str(path), *options)
        return capsys.readouterr().out

    return run


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


@pytest.fixture
def refusal(import_file):
    """Import a file that is refused; returns what is said about it."""

    def run(content: str | bytes, *options: str, name: str = "orders.csv") -> str:
        with pytest.raises(CommandError) as refused:
            import_file(content, *options, name=name)
        assert not Order.objects.exists()
        return str(refused.value)

    return run


def loaded():
    lines = OrderLine.objects.order_by("id")
    return list(
        lines.values_list(
            "order__external_id",
            "order__client__external_id",
            "order__client__name",
            "order__ordered_at",
            "product__external_id",
            "product__category",
            "quantity",
            "unit_price",
        )
    )


def all_rows():
    return [list(model.objects.order_by("id").values()) for model in (Client, SalesRep, Product, Order, OrderLine)]


class TestGenericFiles:
    def test_it_works(self, import_file):
        summary = import_file(CSV)
        assert loaded() == LOADED
        assert "3 lines; orders 2 created, 0 updated, 0 unchanged; clients 2 created" in summary
        assert "products 2 created, 0 updated, 0 unchanged; 0 rows rejected; 3 rows in" in summary

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
    def test_the_same_orders_load_from_any_delimited_text(self, import_file, content):
        import_file(content)
        assert loaded() == LOADED

    def test_the_same_orders_load_from_excel(self, import_sheet):
        assert "errors" not in import_sheet([[None], HEADER, *ROWS])
        assert loaded() == LOADED

    def test_of_a_workbook_the_first_sheet_that_is_not_hidden_counts(self, import_sheet):
        import_sheet([HEADER, *ROWS], hidden=[HEADER, ["1", "C9", "beer", 1, datetime(2020, 1, 1)]])
        assert loaded() == LOADED

    def test_cells_that_hold_an_error_are_blank_and_a_note_says_that_there_are_some(self, import_sheet):
        said = import_sheet([HEADER, [*ROWS[0][:5], "#N/A", *ROWS[0][6:]]])
        assert "orders.xlsx has cells with errors such as #N/A; they are read as blank." in said
        assert OrderLine.objects.get().unit_price is None

    def test_the_same_orders_load_from_parquet(self, tmp_path):
        pl.DataFrame(ROWS, schema=HEADER, orient="row").write_parquet(tmp_path / "orders.parquet")
        call_command("import_orders", str(tmp_path / "orders.parquet"))
        assert loaded() == LOADED

    def test_parquet_times_of_any_zone_are_those_moments_and_ids_of_a_column_with_gaps_are_whole(self, tmp_path):
        moment = datetime(2026, 7, 2, 23, 30, tzinfo=UTC)
        row = {"order": "1", "client": 17850.0, "product": 1e9, "quantity": 1, "price": 1234.5, "date": moment}
        in_berlin = pl.DataFrame([row]).with_columns(pl.col("date").dt.convert_time_zone("Europe/Berlin"))
        in_berlin.write_parquet(tmp_path / "orders.parquet")
        call_command("import_orders", str(tmp_path / "orders.parquet"))
        assert loaded() == [("1", "17850", "", moment, "1000000000", "", Decimal(1), Decimal("1234.5"))]

    def test_parquet_columns_without_text_and_numbers_that_are_none_are_blank(self, tmp_path):
        row = {"order": "1", "client": "C1", "product": "milk", "quantity": 1, "date": "2026-03-02"}
        others = {"rep": float("nan"), "price": float("nan"), "uuid": b"\xff\xfe", "took": timedelta(hours=1)}
        pl.DataFrame([row | others]).write_parquet(tmp_path / "orders.parquet")
        call_command("import_orders", str(tmp_path / "orders.parquet"))
        assert (Order.objects.get().rep, OrderLine.objects.get().unit_price) == (None, None)

    def test_parquet_cells_of_bytes_that_are_no_text_are_blank_and_the_others_are_read(self, tmp_path):
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

    def test_importing_twice_leaves_identical_tables(self, import_file):
        import_file(CSV)
        before = all_rows()
        assert "orders 0 created, 0 updated, 2 unchanged" in import_file(CSV)
        assert all_rows() == before

    def test_an_order_in_a_later_file_replaces_the_former_one_and_others_stay(self, import_file):
        import_file(CSV)
        later = "order,client,product,quantity,date\n1002,C3,salt,7,2026-03-04\n"
        assert "orders 0 created, 1 updated, 0 unchanged" in import_file(later, name="later.csv")
        order = Order.objects.get(external_id="1002")
        assert (order.client.external_id, order.lines.get().product.external_id) == ("C3", "salt")
        assert Order.objects.get(external_id="1001").lines.count() == 2

    def test_a_dry_run_says_what_it_would_do_and_stores_nothing(self, import_file):
        assert "orders 2 created" in import_file(CSV, "--dry-run")
        assert not Order.objects.exists()
        assert not Client.objects.exists()

    def test_postgresql_plans_by_what_was_imported_at_once(self, import_file):
        import_file(CSV)
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [OrderLine._meta.db_table])
            assert cursor.fetchall() == [(3,)]

    def test_columns_of_any_name_are_mapped(self, import_file):
        german = CSV.replace("Order ID,customer,SKU,qty,Date", "Beleg,Kunde,Artikel,Menge,Datum")
        options = "--map beleg=order --map Kunde=client --map Artikel=product --map MENGE=quantity --map Datum=date"
        import_file(german, *options.split())
        assert loaded() == LOADED

    def test_of_columns_that_differ_by_case_the_one_spelled_so_is_mapped(self, import_file):
        rows = "order,client,product,quantity,date,Amount,AMOUNT\n1,C1,milk,3,2026-03-02,1.5,4.5\n"
        import_file(rows, "--map", "Amount=price")
        assert OrderLine.objects.get().unit_price == Decimal("1.5")

    def test_what_a_file_says_of_clients_products_and_reps_is_kept(self, import_file):
        import_file(
            "order,client,product,quantity,date,chain,segment,region,rep,rep_name,unit,pack size,moq,list price\n"
            "1,C1,milk,1,2026-03-02,H1,cafe,North,R1,Ada Quist,litre,12,6,1.25\n"
        )
        client, product = Client.objects.get(external_id="C1"), Product.objects.get()
        assert (client.chain.external_id, client.segment, client.region) == ("H1", "cafe", "North")
        assert (product.unit, product.pack_size, product.min_order_quantity) == ("litre", 12, 6)
        assert product.list_price == Decimal("1.25")
        assert Order.objects.get().rep.name == "Ada Quist"

    def test_with_decimal_commas_points_part_thousands_and_a_number_without_a_comma_stays(self, import_file):
        rows = "1;C1;milk;1.234,5;2026-03-02;1.234.567,50\n1;C1;rice;1.5;2026-03-02;2\n"
        import_file(f"order;client;product;quantity;date;price\n{rows}")
        amounts = OrderLine.objects.order_by("id").values_list("quantity", "unit_price")
        assert list(amounts) == [(Decimal("1234.5"), Decimal("1234567.5")), (Decimal("1.5"), Decimal(2))]

    @pytest.mark.parametrize(
        ("column", "number"), [("quantity", "1.500"), ("price", "-12.345"), ("pack_size", "100.000")]
    )
    def test_with_decimal_commas_a_number_that_may_have_thousands_or_decimals_is_asked_about(
        self, refusal, column, number
    ):
        row = {"order": "1", "client": "C1", "product": "p", "quantity": "1", "date": "2026-03-02"} | {column: number}
        said = refusal(pl.DataFrame([row]).write_csv(separator=";"))
        assert f"line 2: {column} '{number}' may have thousands or decimals: write it as 1500 or as 1,5" in said

    def test_with_decimal_commas_what_can_have_no_thousands_is_taken(self, import_file):
        numbers = ["0.500", "1.50", "1234.500", "1,500", "1.2345", "1500"]
        rows = "".join(f"1;C1;p{place};{number};2026-03-02\n" for place, number in enumerate(numbers))
        import_file(f"order;client;product;quantity;date\n{rows}")
        stored = list(OrderLine.objects.order_by("product__external_id").values_list("quantity", flat=True))
        assert [f"{quantity.normalize():f}" for quantity in stored] == ["0.5", "1.5", "1234.5", "1.5", "1.235", "1500"]

    @pytest.mark.parametrize("price", ["1,234.50", "1.23,5", "1234.567,5", ".123,5", "1,2,3"])
    def test_a_number_with_its_points_elsewhere_is_none(self, refusal, price):
        said = refusal(f"order;client;product;quantity;date;price\n1;C1;milk;1;2026-03-02;{price}\n")
        assert f"line 2: price '{price}' is not a number" in said

    def test_a_column_the_file_lacks_leaves_what_is_stored(self, import_file):
        import_file(CSV)
        import_file("order,client,product,quantity,date\n1003,C1,milk,1,2026-03-05\n")
        assert Client.objects.get(external_id="C1").name == "Café Lena"
        assert Product.objects.get(external_id="milk").category == "Dairy"

    def test_of_several_dates_of_an_order_the_earliest_counts(self, import_file):
        summary = import_file(CSV.replace("2026-03-02T09:30:00Z", "2026-03-02T10:29:00+01:00"))
        assert Order.objects.get(external_id="1001").ordered_at == datetime(2026, 3, 2, 9, 29, tzinfo=UTC)
        assert "1 orders with several dates, the earliest taken" in summary

    def test_a_file_without_rows_changes_nothing(self, import_file):
        assert "orders.csv (generic): 0 lines; 0 rows rejected" in import_file(CSV.splitlines()[0])


class TestBadRows:
    BAD = (
        'order,client,product,quantity,date,price,product_name\n'
        '1,C1,milk,1,2026-03-02,1,"Milk,\nfresh"\n'
        '2,C1,milk,twelve,2026-03-02,1,Milk\n'
        '3,,milk,1,02/03/2026,1,Milk\n'
        '4,C1,milk,1,2026-03-02\n'
        '1,C2,milk,1,2026-03-02,1,Milk\n'
    )  # fmt: skip
    REJECTS = (
        "line,column,value,reason\n"
        "4,quantity,twelve,is not a number\n"
        "5,client,,is missing\n"
        '5,date,02/03/2026,"is not a date and time in ISO 8601, such as 2026-03-31T14:05:00Z"\n'
        '6,,"4,C1,milk,1,2026-03-02","has 5 fields, the header 7"\n'
        "7,client,C2,order 1 is of client C1 since line 2\n"
    )

    def test_they_load_nothing_and_are_named_by_line(self, refusal, tmp_path):
        said = refusal(self.BAD)
        assert "Nothing was loaded, because of bad rows (4)" in said
        assert "line 4: quantity 'twelve' is not a number" in said
        assert not Client.objects.exists()
        assert (tmp_path / "orders.csv.rejects.csv").read_text() == self.REJECTS

    def test_what_an_import_rejected_goes_with_the_next_one(self, import_file, refusal, tmp_path):
        refusal(self.BAD)
        import_file(CSV, "--dry-run")
        assert (tmp_path / "orders.csv.rejects.csv").exists()
        import_file(CSV)
        assert not (tmp_path / "orders.csv.rejects.csv").exists()

    def test_skip_bad_loads_the_orders_without_a_bad_row(self, import_file, tmp_path):
        good = "5,C1,milk,1,2026-03-02,1,Milk\n"
        summary = import_file(self.BAD + good, "--skip-bad", "--rejects", str(tmp_path / "bad.csv"))
        assert "1 lines; orders 1 created" in summary
        assert "4 rows rejected, 1 others of their orders left out" in summary
        assert Order.objects.get().external_id == "5"
        left_out = '2,order,1,"is left out whole, because line 7 of it is bad"\n'
        assert (tmp_path / "bad.csv").read_text() == self.REJECTS + left_out

    def test_skip_bad_passes_over_a_line_of_control_characters(self, import_file):
        content = "order,client,product,quantity,date\n1,C1,milk,1,2026-03-02\n\0\0,C1,milk,1,2026-03-02\n\0\0\0\n"
        assert "2 rows rejected" in import_file(content, "--skip-bad")
        assert Order.objects.get().external_id == "1"

    @pytest.mark.parametrize(
        "bad",
        [
            pytest.param("C1,1001,rice,many,2026-03-02", id="a field"),
            pytest.param("C2,1001,rice,2,2026-03-02", id="another client"),
            pytest.param("C1,Lena,1001,rice,2,2026-03-02", id="a field too many before its number"),
            pytest.param("1001,rice,2,2026-03-02", id="a field too few before its number"),
            pytest.param("C1,1001,rice,2,5,2026-03-02", id="a field too many after its number"),
            pytest.param("C1,1001,rice", id="fields too few after its number"),
        ],
    )
    def test_a_stored_order_loses_no_line_because_its_row_is_bad(self, import_file, bad):
        import_file(CSV)
        before = all_rows()
        again = f"client,order,product,quantity,date\nC1,1001,milk,12,2026-03-02\n{bad}\n"
        summary = import_file(again, "--skip-bad", name="again.csv")
        assert "0 lines; 1 rows rejected, 1 others of their orders left out" in summary
        assert all_rows() == before

    @pytest.mark.parametrize(
        "rows",
        [
            pytest.param('R2,C1,"P1,1,2026-01-01\nR3,C1,P1",1,2026-01-01', id="a field that has swallowed a row"),
            pytest.param('R2,C1,"P1,1,2026-01-01\nR3,C1,P1",2026-01-01', id="a torn one"),
        ],
    )
    def test_a_bad_row_of_several_lines_is_not_skipped_since_what_it_swallowed_is_not_known(self, refusal, rows):
        said = refusal(f"order,client,product,quantity,date\n{rows}\nR3,C1,P2,1,2026-01-01\n", "--skip-bad")
        assert "Nothing was loaded: the row that begins in line 2 is bad" in said
        assert "(is a quote not closed?)" in said

    def test_rejected_rows_that_find_no_room_are_told_with_the_reason(self, refusal):
        said = refusal(self.BAD, "--rejects", "/dev/full")
        assert re.search(r"/dev/full cannot be written \(.*No space left on device.*\); say where", said)

    @pytest.mark.parametrize("option", ["--dry-run", "--skip-bad"])
    def test_rejected_rows_are_not_written_over_the_file_itself(self, import_file, tmp_path, option):
        (tmp_path / "link.csv").symlink_to(tmp_path / "orders.csv")
        for rejects in ("orders.csv", "link.csv"):
            with pytest.raises(CommandError, match="is what is to be imported: name another file"):
                import_file(self.BAD, option, "--rejects", str(tmp_path / rejects))
        assert (tmp_path / "orders.csv").read_text() == self.BAD

    @pytest.mark.parametrize(
        ("column", "value", "reason"),
        [
            ("quantity", "NaN", "is not a number"),
            ("quantity", "inf", "is not a number"),
            ("quantity", "1e400", "is beyond 1000000000"),
            ("quantity", "-1000000001", "is beyond 1000000000"),
            ("quantity", "", "is missing"),
            ("quantity", "1,5", "is not a number"),
            ("quantity", "١٢", "is not a number"),
            ("price", "-0.01", "is below zero"),
            ("order", "x" * 65, "is longer than 64 characters"),
            ("order", "1\x00", "holds a control character"),
            ("client", "C\x1b1", "holds a control character"),
            ("product", "   ", "is missing"),
            ("product_name", "x" * 201, "is longer than 200 characters"),
            ("product_name", "Mi\x00lk", "holds a NUL character"),
            ("chain", "C1", "names the client itself"),
            ("pack_size", "0", "is not between 1 and 1000000"),
            ("pack_size", "1.5", "is not a whole number"),
            ("date", "2026-02-30", "is not a date"),
            ("date", "0001-01-01", "lies before 1970-01-02 and looks like a placeholder for no date"),
            ("date", "1900-01-01", "lies before 1970-01-02 and looks like a placeholder for no date"),
            ("date", "1970-01-01T23:59:59Z", "lies before 1970-01-02 and looks like a placeholder for no date"),
            ("date", "9999-12-31", "lies after 2199 and looks like a placeholder for no date"),
        ],
    )
    def test_each_kind_of_fault_has_its_reason(self, refusal, tmp_path, column, value, reason):
        row = {"order": "1", "client": "C1", "product": "milk", "quantity": "1", "date": "2026-03-02"} | {column: value}
        said = refusal(pl.DataFrame([row]).write_csv())
        assert "bad rows (1)" in said
        assert f"line 2: {column} " in said
        assert reason in said


class TestFilesThatCannotBeRead:
    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("orders.csv", b"", "orders.csv is empty"),
            ("orders.csv", b"\n \n", "does not begin with the names of its columns"),
            ("orders.csv", b"foo,bar\n1,2\n", "No column was found for 'order', 'client'"),
            ("orders.csv", b"foo,bar\n1,2\n", "Columns found: foo, bar."),
            ("orders.csv", CSV.encode("cp1252") + b"\x81", "neither UTF-8 nor Windows-1252"),
            ("orders.csv", CSV.encode() + b'1003,"' + b"x" * 200_000, "line 5: field larger than field limit (131072)"),
            ("orders.csv", CSV.replace("milk,12", '"milk,12').encode(), "line 2: unexpected end of data (is a"),
            ("orders.csv", SWALLOWED.encode(), "line 2: ',' expected after '\"' (is a quote not closed?)"),
            ("orders.csv", b"PK\x03\x04\x14", "orders.csv is no text. Save an Excel workbook as .xlsx"),
            ("orders.xls", b"\xd0\xcf\x11\xe0\xa1", "orders.xls is no text. Save an Excel workbook as .xlsx"),
            ("orders.csv.gz", CSV.encode(), "is named .gz but is not a gzip file"),
            ("orders.csv.gz", gzip.compress(CSV.encode())[:-12], "is damaged or breaks off"),
            ("orders.csv.gz", gzip.compress(LONG.encode("cp1252"))[:-12], "is damaged or breaks off"),
            ("orders.csv.gz", gzip.compress(LONG.encode("utf-16"))[:-12], "is damaged or breaks off"),
            ("orders.xlsx", CSV.encode(), "is not an Excel workbook"),
            ("orders.parquet", CSV.encode(), "is not a Parquet file"),
        ],
    )  # fmt: skip
    def test_they_are_refused_with_the_reason(self, refusal, name, content, said):
        assert said in refusal(content, name=name)

    def test_a_pipe_is_refused(self, tmp_path):
        os.mkfifo(tmp_path / "orders.csv")
        with pytest.raises(CommandError, match=r"orders\.csv is neither a file nor a folder"):
            call_command("import_orders", str(tmp_path / "orders.csv"))

    @pytest.mark.parametrize(
        ("name", "reason"), [("nothing.csv", "No such file"), (f"{'long' * 64}.csv", "File name too long")]
    )
    def test_a_file_that_is_not_there(self, tmp_path, name, reason):
        with pytest.raises(CommandError, match=f"cannot be read: {reason}"):
            call_command("import_orders", str(tmp_path / name))

    @pytest.mark.parametrize(
        ("option", "said"),
        [
            ("qty=amount", "there is no field 'amount'. Fields: order, client, product, quantity"),
            ("Menge=quantity", "there is no such column. Columns: Order ID, customer"),
            ("qty", "write it as COLUMN=FIELD"),
            ("qty=price", "No column was found for 'quantity'."),
        ],
    )
    def test_a_mapping_that_fits_nothing(self, refusal, option, said):
        assert said in refusal(CSV, "--map", option)

    def test_two_columns_for_one_field_are_refused(self, refusal):
        two = ("--map", "unit price=price", "--map", "qty=price")
        assert refusal(CSV, *two) == "--map names two columns for the field price."


class TestOnlineRetail:
    RAW = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,HANGING HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,METAL LANTERN,6,2010-12-01 08:27:00,3.39,17850,United Kingdom
536366,85123A,HANGING HEART HOLDER,1,12/1/2010 8:28,0,17850.0,United Kingdom
536367,85123A,HANGING HEART,2,2010-12-01 08:34:00,2.55,17850,Norway
536368,POST,POSTAGE,1,2010-12-01 08:45:00,18,12583,France
536369,22139,,56,2010-12-01 11:52:00,0,,United Kingdom
C536370,71053,METAL LANTERN,-2,2010-12-01 14:30:00,3.39,17850,United Kingdom
"""

    @pytest.fixture
    def summary(self, import_file):
        return import_file(self.RAW)

    def test_it_is_known_by_its_columns(self, summary):
        assert "orders.csv (online-retail): 5 lines; orders 4 created" in summary
        assert set(Order.objects.values_list("source", flat=True)) == {"online-retail"}

    def test_cancellations_are_orders_of_returns(self, summary):
        assert OrderLine.objects.get(order__external_id="C536370").quantity == -2

    def test_rows_of_nobody_and_codes_that_are_no_products_are_left_out_and_counted(self, summary):
        assert "0 rows rejected; skipped as no orders: 1 without a customer, 1 of codes that are no products" in summary
        assert not Product.objects.filter(external_id__in=["POST", "22139"]).exists()

    def test_a_price_of_zero_is_a_price_not_known(self, summary):
        assert OrderLine.objects.get(order__external_id="536366").unit_price is None

    def test_spreadsheet_copies_name_the_same_customer_and_minute(self, summary):
        order = Order.objects.get(external_id="536366")
        assert order.client.external_id == "17850"
        assert order.ordered_at == datetime(2010, 12, 1, 8, 28, tzinfo=UTC)

    def test_an_invoice_is_dated_by_its_earliest_row(self, summary):
        assert Order.objects.get(external_id="536365").ordered_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
        assert "1 orders with several dates" in summary

    def test_the_most_frequent_description_and_country_count(self, summary):
        assert Product.objects.get(external_id="85123A").name == "HANGING HEART"
        assert Client.objects.get().region == "United Kingdom"

    def test_a_row_without_a_code_is_bad_and_not_skipped(self, refusal):
        said = refusal(self.RAW.replace("536365,71053,", "536365,,"))
        assert "line 3: StockCode is missing" in said

    def test_with_columns_of_ones_own_choice_the_file_is_generic(self, import_file):
        rows = [row for row in self.RAW.splitlines() if "/" not in row and "22139" not in row]
        assert "(generic): 5 lines" in import_file("\n".join(rows), "--map", "UnitPrice=list_price")
        assert Product.objects.get(external_id="POST").list_price == 18

    def test_its_columns_are_not_mapped(self, refusal):
        said = refusal(self.RAW, "--format", "online-retail", "--map", "UnitPrice=list_price")
        assert said == "online-retail knows its columns: leave out --map, or choose --format generic."

    def test_other_columns_are_not_taken_for_it(self, refusal):
        assert "Columns found: Order ID, customer" in refusal(CSV, "--format", "online-retail")


class TestFolders:
    ORDERS = pl.DataFrame(
        {
            "order_id": ["1", "2"],
            "client_id": ["C1", "C2"],
            "ordered_at": [datetime(2026, 3, 2, 9, 30), datetime(2026, 3, 3)],
        }
    )
    LINES = pl.DataFrame(
        {
            "order_id": ["1", "1", "2"],
            "product_id": [7, 8, 7],
            "quantity": [2, None, 3],
            "unit_price": [1.5, None, 1.5],
        }
    )

    @pytest.fixture
    def import_tables(self, tmp_path):
        def run(**tables):
            for name, table in tables.items():
                table.write_parquet(tmp_path / f"{name}.parquet")
            call_command("import_orders", str(tmp_path))
            return list(
                OrderLine.objects.order_by("id").values_list(
                    "order__external_id", "product__external_id", "quantity", "unit_price"
                )
            )

        return run

    def test_orders_and_lines_are_joined_and_a_missing_quantity_is_one(self, import_tables):
        products = pl.DataFrame({"product_id": [7], "name": ["Milk"]})
        lines = import_tables(orders=self.ORDERS, lines=self.LINES, products=products)
        assert lines == [("1", "7", 2, Decimal("1.5")), ("1", "8", 1, None), ("2", "7", 3, Decimal("1.5"))]
        assert Product.objects.get(external_id="7").name == "Milk"
        assert Order.objects.get(external_id="2").ordered_at == datetime(2026, 3, 3, tzinfo=UTC)

    def test_rejects_of_the_folder_that_one_stands_in_are_named_by_it(self, tmp_path, monkeypatch):
        self.ORDERS.with_columns(client_id=pl.lit("")).write_parquet(tmp_path / "orders.parquet")
        self.LINES.write_parquet(tmp_path / "lines.parquet")
        monkeypatch.chdir(tmp_path)

        with pytest.raises(CommandError, match="Nothing was loaded"):
            call_command("import_orders", ".")

        assert (tmp_path / f"{tmp_path.name}.rejects.csv").exists()

    def test_quantities_and_prices_need_not_be_there(self, import_tables):
        dates = self.ORDERS.with_columns(pl.col("ordered_at").cast(pl.Date))
        lines = import_tables(orders=dates, lines=self.LINES.drop("quantity", "unit_price"))
        assert lines == [("1", "7", 1, None), ("1", "8", 1, None), ("2", "7", 1, None)]

    def test_lines_of_an_order_that_is_not_there_are_bad_rows(self, import_tables):
        with pytest.raises(CommandError, match="line 3: client is missing"):
            import_tables(orders=self.ORDERS.head(1), lines=self.LINES)


RAW_ONLINE_RETAIL = Path(settings.BASE_DIR).parent / "shared" / "data" / "online-retail" / "online-retail.csv.gz"


@pytest.mark.skipif(not RAW_ONLINE_RETAIL.exists(), reason=f"needs the raw Online Retail file at {RAW_ONLINE_RETAIL}")
def test_the_raw_online_retail_file_just_works(capsys):
    call_command("import_orders", str(RAW_ONLINE_RETAIL), "--dry-run")
    summary = capsys.readouterr().out
    assert "404,909 lines; orders 21,788 created, 0 updated, 0 unchanged; clients 4,363 created" in summary
    assert "0 rows rejected; skipped as no orders: 135,080 without a customer" in summary
