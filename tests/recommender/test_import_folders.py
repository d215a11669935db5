"""Orders, lines and products in a folder of Parquet files."""

from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest
from django.core.management import CommandError, call_command

from recommender.models import Order, OrderLine, Product

pytestmark = pytest.mark.usefixtures("empty_house")
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
def import_tables(tmp_path):
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


def test_orders_and_lines_are_joined_and_a_missing_quantity_is_one(import_tables):
    products = pl.DataFrame({"product_id": [7], "name": ["Milk"]})
    lines = import_tables(orders=ORDERS, lines=LINES, products=products)
    assert lines == [("1", "7", 2, Decimal("1.5")), ("1", "8", 1, None), ("2", "7", 3, Decimal("1.5"))]
    assert Product.objects.get(external_id="7").name == "Milk"
    assert Order.objects.get(external_id="2").ordered_at == datetime(2026, 3, 3, tzinfo=UTC)


def test_rejects_of_the_folder_that_one_stands_in_are_named_by_it(tmp_path, monkeypatch):
    ORDERS.with_columns(client_id=pl.lit("")).write_parquet(tmp_path / "orders.parquet")
    LINES.write_parquet(tmp_path / "lines.parquet")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(CommandError, match="Nothing was loaded"):
        call_command("import_orders", ".")

    assert (tmp_path / f"{tmp_path.name}.rejects.csv").exists()


def test_quantities_and_prices_need_not_be_there(import_tables):
    dates = ORDERS.with_columns(pl.col("ordered_at").cast(pl.Date))
    lines = import_tables(orders=dates, lines=LINES.drop("quantity", "unit_price"))
    assert lines == [("1", "7", 1, None), ("1", "8", 1, None), ("2", "7", 1, None)]


def test_lines_of_an_order_that_is_not_there_are_bad_rows(import_tables):
    with pytest.raises(CommandError, match="line 3: client is missing"):
        import_tables(orders=ORDERS.head(1), lines=LINES)
