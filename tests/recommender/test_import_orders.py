"""An operator imports an order file, and imports it again: what is loaded, and what is said about it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection

from recommender.models import Client, Order, OrderLine, Product
from tests.recommender.order_files import CSV, LOADED, all_rows, loaded

pytestmark = pytest.mark.usefixtures("empty_house")


def test_it_works(import_file):
    summary = import_file(CSV)
    assert loaded() == LOADED
    assert "3 lines; orders 2 created, 0 updated, 0 unchanged; clients 2 created" in summary
    assert "products 2 created, 0 updated, 0 unchanged; 0 rows rejected; 3 rows in" in summary


def test_importing_twice_leaves_identical_tables(import_file):
    import_file(CSV)
    before = all_rows()
    assert "orders 0 created, 0 updated, 2 unchanged" in import_file(CSV)
    assert all_rows() == before


def test_an_order_in_a_later_file_replaces_the_former_one_and_others_stay(import_file):
    import_file(CSV)
    later = "order,client,product,quantity,date\n1002,C3,salt,7,2026-03-04\n"
    assert "orders 0 created, 1 updated, 0 unchanged" in import_file(later, name="later.csv")
    order = Order.objects.get(external_id="1002")
    assert (order.client.external_id, order.lines.get().product.external_id) == ("C3", "salt")
    assert Order.objects.get(external_id="1001").lines.count() == 2


def test_a_dry_run_says_what_it_would_do_and_stores_nothing(import_file):
    assert "orders 2 created" in import_file(CSV, "--dry-run")
    assert not Order.objects.exists()
    assert not Client.objects.exists()


def test_postgresql_plans_by_what_was_imported_at_once(import_file):
    import_file(CSV)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [OrderLine._meta.db_table])
        assert cursor.fetchall() == [(3,)]


def test_columns_of_any_name_are_mapped(import_file):
    german = CSV.replace("Order ID,customer,SKU,qty,Date", "Beleg,Kunde,Artikel,Menge,Datum")
    options = "--map beleg=order --map Kunde=client --map Artikel=product --map MENGE=quantity --map Datum=date"
    import_file(german, *options.split())
    assert loaded() == LOADED


def test_of_columns_that_differ_by_case_the_one_spelled_so_is_mapped(import_file):
    rows = "order,client,product,quantity,date,Amount,AMOUNT\n1,C1,milk,3,2026-03-02,1.5,4.5\n"
    import_file(rows, "--map", "Amount=price")
    assert OrderLine.objects.get().unit_price == Decimal("1.5")


def test_what_a_file_says_of_clients_products_and_reps_is_kept(import_file):
    import_file(
        "order,client,product,quantity,date,chain,segment,region,rep,rep_name,unit,pack size,moq,list price\n"
        "1,C1,milk,1,2026-03-02,H1,cafe,North,R1,Ada Quist,litre,12,6,1.25\n"
    )
    client, product = Client.objects.get(external_id="C1"), Product.objects.get()
    assert (client.chain.external_id, client.segment, client.region) == ("H1", "cafe", "North")
    assert (product.unit, product.pack_size, product.min_order_quantity) == ("litre", 12, 6)
    assert product.list_price == Decimal("1.25")
    assert Order.objects.get().rep.name == "Ada Quist"


def test_a_column_the_file_lacks_leaves_what_is_stored(import_file):
    import_file(CSV)
    import_file("order,client,product,quantity,date\n1003,C1,milk,1,2026-03-05\n")
    assert Client.objects.get(external_id="C1").name == "Café Lena"
    assert Product.objects.get(external_id="milk").category == "Dairy"


def test_of_several_dates_of_an_order_the_earliest_counts(import_file):
    summary = import_file(CSV.replace("2026-03-02T09:30:00Z", "2026-03-02T10:29:00+01:00"))
    assert Order.objects.get(external_id="1001").ordered_at == datetime(2026, 3, 2, 9, 29, tzinfo=UTC)
    assert "1 orders with several dates, the earliest taken" in summary


def test_rows_that_go_on_over_further_lines_are_counted_for_two_stray_quotes_swallow_rows(import_file):
    rows = '1,C1,milk,1,2026-03-02,"Café\n2,C1,rice,1,2026-03-02,Lena"\n3,C1,milk,1,2026-03-02,"Café\nLena"\n'
    summary = import_file("order,client,product,quantity,date,client_name\n" + rows)
    assert "2 lines; orders 2 created" in summary
    assert "; 2 rows go on over further lines, the first in line 2; 2 rows in" in summary
    assert "go on" not in import_file(CSV, name="later.csv")


def test_a_file_without_rows_changes_nothing(import_file):
    assert "orders.csv (generic): 0 lines; 0 rows rejected" in import_file(CSV.splitlines()[0])


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("qty=amount", "there is no field 'amount'. Fields: order, client, product, quantity"),
        ("Menge=quantity", "there is no such column. Columns: Order ID, customer"),
        ("qty", "write it as COLUMN=FIELD"),
        ("qty=price", "No column was found for 'quantity'."),
    ],
)
def test_a_mapping_that_fits_nothing(refusal, option, said):
    assert said in refusal(CSV, "--map", option)


def test_two_columns_for_one_field_are_refused(refusal):
    two = ("--map", "unit price=price", "--map", "qty=price")
    assert refusal(CSV, *two) == "--map names two columns for the field price."
