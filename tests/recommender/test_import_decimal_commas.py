"""In CSV with semicolons decimals have a comma."""

from decimal import Decimal

import polars as pl
import pytest

from recommender.models import OrderLine

pytestmark = pytest.mark.usefixtures("empty_house")


def test_with_decimal_commas_points_part_thousands_and_a_number_without_a_comma_stays(import_file):
    rows = "1;C1;milk;1.234,5;2026-03-02;1.234.567,50\n1;C1;rice;1.5;2026-03-02;2\n"
    import_file(f"order;client;product;quantity;date;price\n{rows}")
    amounts = OrderLine.objects.order_by("id").values_list("quantity", "unit_price")
    assert list(amounts) == [(Decimal("1234.5"), Decimal("1234567.5")), (Decimal("1.5"), Decimal(2))]


@pytest.mark.parametrize(("column", "number"), [("quantity", "1.500"), ("price", "-12.345"), ("pack_size", "100.000")])
def test_with_decimal_commas_a_number_that_may_have_thousands_or_decimals_is_asked_about(refusal, column, number):
    row = {"order": "1", "client": "C1", "product": "p", "quantity": "1", "date": "2026-03-02"} | {column: number}
    said = refusal(pl.DataFrame([row]).write_csv(separator=";"))
    assert f"line 2: {column} '{number}' may have thousands or decimals: write it as 1500 or as 1,5" in said


def test_with_decimal_commas_what_can_have_no_thousands_is_taken(import_file):
    numbers = ["0.500", "1.50", "1234.500", "1,500", "1.2345", "1500"]
    rows = "".join(f"1;C1;p{place};{number};2026-03-02\n" for place, number in enumerate(numbers))
    import_file(f"order;client;product;quantity;date\n{rows}")
    stored = list(OrderLine.objects.order_by("product__external_id").values_list("quantity", flat=True))
    assert [f"{quantity.normalize():f}" for quantity in stored] == ["0.5", "1.5", "1234.5", "1.5", "1.235", "1500"]


@pytest.mark.parametrize("price", ["1,234.50", "1.23,5", "1234.567,5", ".123,5", "1,2,3"])
def test_a_number_with_its_points_elsewhere_is_none(refusal, price):
    said = refusal(f"order;client;product;quantity;date;price\n1;C1;milk;1;2026-03-02;{price}\n")
    assert f"line 2: price '{price}' is not a number" in said
