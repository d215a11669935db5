"""The Online Retail file of UCI is imported as it is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from recommender.models import Client, Order, OrderLine, Product
from tests.recommender.order_files import CSV

pytestmark = pytest.mark.usefixtures("empty_house")
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
RAW_ONLINE_RETAIL = Path(settings.BASE_DIR).parent / "shared" / "data" / "online-retail" / "online-retail.csv.gz"


@pytest.fixture
def summary(import_file):
    return import_file(RAW)


def test_it_is_known_by_its_columns(summary):
    assert "orders.csv (online-retail): 5 lines; orders 4 created" in summary
    assert set(Order.objects.values_list("source", flat=True)) == {"online-retail"}


def test_cancellations_are_orders_of_returns(summary):
    assert OrderLine.objects.get(order__external_id="C536370").quantity == -2


def test_rows_of_nobody_and_codes_that_are_no_products_are_left_out_and_counted(summary):
    assert "0 rows rejected; skipped as no orders: 1 without a customer, 1 of codes that are no products" in summary
    assert not Product.objects.filter(external_id__in=["POST", "22139"]).exists()


def test_a_price_of_zero_is_a_price_not_known(summary):
    assert OrderLine.objects.get(order__external_id="536366").unit_price is None


def test_spreadsheet_copies_name_the_same_customer_and_minute(summary):
    order = Order.objects.get(external_id="536366")
    assert order.client.external_id == "17850"
    assert order.ordered_at == datetime(2010, 12, 1, 8, 28, tzinfo=UTC)


def test_an_invoice_is_dated_by_its_earliest_row(summary):
    assert Order.objects.get(external_id="536365").ordered_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert "1 orders with several dates" in summary


def test_the_most_frequent_description_and_country_count(summary):
    assert Product.objects.get(external_id="85123A").name == "HANGING HEART"
    assert Client.objects.get().region == "United Kingdom"


def test_a_row_without_a_code_is_bad_and_not_skipped(refusal):
    said = refusal(RAW.replace("536365,71053,", "536365,,"))
    assert "line 3: StockCode is missing" in said


def test_with_columns_of_ones_own_choice_the_file_is_generic(import_file):
    rows = [row for row in RAW.splitlines() if "/" not in row and "22139" not in row]
    assert "(generic): 5 lines" in import_file("\n".join(rows), "--map", "UnitPrice=list_price")
    assert Product.objects.get(external_id="POST").list_price == 18


def test_its_columns_are_not_mapped(refusal):
    said = refusal(RAW, "--format", "online-retail", "--map", "UnitPrice=list_price")
    assert said == "online-retail knows its columns: leave out --map, or choose --format generic."


def test_other_columns_are_not_taken_for_it(refusal):
    assert "Columns found: Order ID, customer" in refusal(CSV, "--format", "online-retail")


@pytest.mark.skipif(not RAW_ONLINE_RETAIL.exists(), reason=f"needs the raw Online Retail file at {RAW_ONLINE_RETAIL}")
def test_the_raw_online_retail_file_just_works(capsys):
    call_command("import_orders", str(RAW_ONLINE_RETAIL), "--dry-run")
    summary = capsys.readouterr().out
    assert "404,909 lines; orders 21,788 created, 0 updated, 0 unchanged; clients 4,363 created" in summary
    assert "0 rows rejected; skipped as no orders: 135,080 without a customer" in summary
