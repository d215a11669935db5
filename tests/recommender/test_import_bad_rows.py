"""Rows that cannot be loaded: what is said about them, and what becomes of the others."""

import re

import polars as pl
import pytest
from django.core.management import CommandError

from recommender.models import Client, Order
from tests.recommender.order_files import CSV, all_rows

pytestmark = pytest.mark.usefixtures("empty_house")
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


def test_they_load_nothing_and_are_named_by_line(refusal, tmp_path):
    said = refusal(BAD)
    assert "Nothing was loaded, because of bad rows (4)" in said
    assert "line 4: quantity 'twelve' is not a number" in said
    assert not Client.objects.exists()
    assert (tmp_path / "orders.csv.rejects.csv").read_text() == REJECTS


@pytest.mark.parametrize("rejects", ["orders.csv.rejects.csv", "bad.csv"])
def test_what_an_import_rejected_goes_with_the_next_one(import_file, refusal, tmp_path, rejects):
    options = () if rejects == "orders.csv.rejects.csv" else ("--rejects", str(tmp_path / rejects))
    refusal(BAD, *options)
    assert (tmp_path / rejects).read_text() == REJECTS
    import_file(CSV, *options)
    assert not (tmp_path / rejects).exists()


def test_a_link_that_is_named_for_rejected_rows_stays_as_it_may_be_a_device(import_file, tmp_path):
    (tmp_path / "log").write_text("what stands there")
    (tmp_path / "stderr").symlink_to(tmp_path / "log")
    import_file(CSV, "--rejects", str(tmp_path / "stderr"))
    assert (tmp_path / "stderr").read_text() == "what stands there"


def test_a_dry_run_shows_what_is_bad_and_leaves_what_an_import_has_rejected(import_file, refusal, tmp_path):
    refusal(BAD)
    said = refusal(BAD.replace("twelve", "dozen"), "--dry-run")
    assert "line 4: quantity 'dozen' is not a number" in said
    assert said.endswith("All rejected rows are written where --rejects names a file.")
    import_file(CSV, "--dry-run")
    assert (tmp_path / "orders.csv.rejects.csv").read_text() == REJECTS


def test_a_dry_run_writes_to_the_file_that_is_named(import_file, refusal, tmp_path):
    refusal(BAD, "--dry-run", "--rejects", str(tmp_path / "bad.csv"))
    assert (tmp_path / "bad.csv").read_text() == REJECTS
    import_file(CSV, "--dry-run", "--rejects", str(tmp_path / "bad.csv"))
    assert not (tmp_path / "bad.csv").exists()


def test_skip_bad_loads_the_orders_without_a_bad_row(import_file, tmp_path):
    good = "5,C1,milk,1,2026-03-02,1,Milk\n"
    summary = import_file(BAD + good, "--skip-bad", "--rejects", str(tmp_path / "bad.csv"))
    assert "1 lines; orders 1 created" in summary
    assert "4 rows rejected, 1 others of their orders left out" in summary
    assert Order.objects.get().external_id == "5"
    left_out = '2,order,1,"is left out whole, because line 7 of it is bad"\n'
    assert (tmp_path / "bad.csv").read_text() == REJECTS + left_out


def test_skip_bad_passes_over_a_line_of_control_characters(import_file):
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
def test_a_stored_order_loses_no_line_because_its_row_is_bad(import_file, bad):
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
def test_a_bad_row_of_several_lines_is_not_skipped_since_what_it_swallowed_is_not_known(refusal, rows):
    said = refusal(f"order,client,product,quantity,date\n{rows}\nR3,C1,P2,1,2026-01-01\n", "--skip-bad")
    assert "Nothing was loaded: the row that begins in line 2 is bad" in said
    assert "(is a quote not closed?)" in said


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("C1,,rice,2,2026-03-02", id="its order's cell is empty"),
        pytest.param(",,rice,2,", id="its order stands once for several rows"),
        pytest.param("C1,,,2,2026-03-02", id="nor its product"),
        pytest.param(",,rice,2,5,", id="a torn one"),
    ],
)
def test_a_stored_order_loses_no_line_because_a_row_does_not_say_which_order_it_is_of(import_file, row):
    import_file(CSV)
    before = all_rows()
    again = f"client,order,product,quantity,date\nC1,1001,milk,12,2026-03-02\n{row}\n"
    with pytest.raises(CommandError, match="Nothing was loaded: the row of line 3 is bad and names no order"):
        import_file(again, "--skip-bad", name="again.csv")
    assert all_rows() == before


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("client,order,product,quantity,date\nC1,1001,milk,12,2026-03-02\nTotal,,,12,\n", id="of clients"),
        pytest.param("date,order,client,product,quantity\n2026-03-02,1001,C1,milk,12\nTotal,,,,12\n", id="of dates"),
        pytest.param("client,order,product,quantity,date\nC1,1001,milk,12,2026-03-02\nTotal,\n", id="a torn one"),
    ],
)
def test_skip_bad_passes_over_a_total(import_file, content):
    assert "orders 1 created" in import_file(content, "--skip-bad")


def test_rejected_rows_that_find_no_room_are_told_with_the_reason(refusal):
    said = refusal(BAD, "--rejects", "/dev/full")
    assert re.search(r"/dev/full cannot be written \(.*No space left on device.*\); say where", said)


@pytest.mark.parametrize("option", ["--dry-run", "--skip-bad"])
def test_rejected_rows_are_not_written_over_the_file_itself(import_file, tmp_path, option):
    (tmp_path / "link.csv").symlink_to(tmp_path / "orders.csv")
    for rejects in ("orders.csv", "link.csv"):
        with pytest.raises(CommandError, match="is what is to be imported: name another file"):
            import_file(BAD, option, "--rejects", str(tmp_path / rejects))
    assert (tmp_path / "orders.csv").read_text() == BAD


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
def test_each_kind_of_fault_has_its_reason(refusal, tmp_path, column, value, reason):
    row = {"order": "1", "client": "C1", "product": "milk", "quantity": "1", "date": "2026-03-02"} | {column: value}
    said = refusal(pl.DataFrame([row]).write_csv())
    assert "bad rows (1)" in said
    assert f"line 2: {column} " in said
    assert reason in said
