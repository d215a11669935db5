"""Tools push clients, products and orders as they happen."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DEFAULT_DB_ALIAS, connections

from activities import master_data
from recommender.loading.merge import wait_for_other_merges
from recommender.models import Client, Order, OrderLine, Product

pytestmark = pytest.mark.django_db


ORDER = {"order": "o", "client": "c", "date": "2026-01-01T00:00:00Z", "items": [{"product": "a", "quantity": 1}]}


def counts(answer):
    assert answer.status_code == 200, answer.body
    return [answer.body[name] for name in ("created", "updated", "unchanged")]


def test_a_client_keeps_what_is_left_out_and_null_empties(tool):
    first = {"client": "c1", "name": "One", "segment": "bar", "chain": "head"}
    assert counts(tool.post({"items": [first, {"client": "c2"}]}, "/clients")) == [2, 0, 0]
    assert counts(tool.post({"items": [{"client": "c1", "name": None}, {"client": "c2"}]}, "/clients")) == [0, 1, 1]

    client = Client.objects.get(external_id="c1")
    assert (client.name, client.segment, client.chain.external_id) == ("", "bar", "head")


def test_every_field_of_a_client_and_a_product_is_stored(tool):
    tool.post({"items": [{"client": "c", "name": "C", "segment": "s", "chain": "d", "region": "r"}]}, "/clients")
    product = {"product": "p", "name": "P", "category": "c", "price": 2, "unit": "kg", "packSize": 6,
               "minOrderQuantity": 12, "active": False, "replacedBy": "q"}  # fmt: skip
    tool.post({"items": [product]}, "/products")

    assert Client.objects.values_list("name", "segment", "chain__external_id", "region").get(external_id="c") == (
        "C", "s", "d", "r",
    )  # fmt: skip
    assert Product.objects.values_list(
        "name", "category", "list_price", "unit", "pack_size", "min_order_quantity", "active",
        "replaced_by__external_id",
    ).get(external_id="p") == ("P", "c", 2, "kg", 6, 12, False, "q")  # fmt: skip
    assert Client.objects.values_list("name", "segment", "chain", "region").get(external_id="d") == ("", "", None, "")
    assert Product.objects.values_list("name", "list_price", "active").get(external_id="q") == ("", None, True)


def test_a_product_takes_its_fields_and_null_means_the_default(tool):
    product = {"product": "p", "name": "P", "price": 1.23456, "packSize": 6.0, "active": False, "replacedBy": "q"}
    tool.post({"items": [product]}, "/products")
    tool.post({"items": [{"product": "p", "packSize": None, "active": None}]}, "/products")

    stored = Product.objects.get(external_id="p")
    assert (str(stored.list_price), stored.pack_size, stored.active) == ("1.2346", 1, True)
    assert stored.replaced_by.external_id == "q"


def test_an_order_sent_again_replaces_the_former_whole_and_one_without_items_removes_it(tool):
    order = {"order": "o", "client": "c", "rep": "r", "date": "2026-01-05T10:00:00", "items": [
        {"product": "a", "quantity": 2.5, "price": 1}, {"product": "b", "quantity": -1}]}  # fmt: skip

    assert counts(tool.post({"items": [order]}, "/orders")) == [1, 0, 0]
    assert counts(tool.post({"items": [order]}, "/orders")) == [0, 0, 1]
    assert counts(tool.post({"items": [order | {"items": [{"product": "a", "quantity": 1}]}]}, "/orders")) == [0, 1, 0]
    assert OrderLine.objects.get(order__external_id="o").product.external_id == "a"
    assert counts(tool.post({"items": [order | {"items": []}]}, "/orders")) == [0, 1, 0]
    assert counts(tool.post({"items": [order | {"items": []}]}, "/orders")) == [0, 0, 1]
    assert not Order.objects.filter(external_id="o").exists()


@pytest.mark.parametrize(
    ("changed", "stored"),
    [
        ({"date": "2026-01-02T00:00:00Z"}, "2026-01-02 c r"),
        ({"client": "d"}, "2026-01-01 d r"),
        ({"rep": "s"}, "2026-01-01 c s"),
        ({"rep": None}, "2026-01-01 c None"),
    ],
)
def test_an_order_that_differs_in_its_date_client_or_rep_alone_is_replaced_too(empty_house, tool, changed, stored):
    order = ORDER | {"rep": "r"}
    tool.post({"items": [order]}, "/orders")

    assert counts(tool.post({"items": [order | changed]}, "/orders")) == [0, 1, 0]

    kept = Order.objects.get()
    assert f"{kept.ordered_at:%Y-%m-%d} {kept.client.external_id} {kept.rep and kept.rep.external_id}" == stored


def test_an_order_is_stored_to_the_decimal_with_whom_it_names(empty_house, tool):
    lines = [
        {"product": "new-p", "quantity": 2.0005, "price": 1.00005},
        {"product": "new-p", "quantity": -1, "price": None},
        {"product": "old-p", "quantity": 0},
    ]
    order = {"order": "o", "client": "new-c", "rep": "new-r", "date": "2026-01-05T10:00:00+02:00", "items": lines}
    no_offset = {"order": "p", "client": "new-c", "date": "2026-01-05t10:00:00.25", "items": lines[:1]}

    assert counts(tool.post({"items": [order, no_offset]}, "/orders")) == [2, 0, 0]

    first, second = Order.objects.order_by("external_id")
    assert (first.client.external_id, first.rep.external_id, second.rep) == ("new-c", "new-r", None)
    assert first.ordered_at == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert second.ordered_at == datetime(2026, 1, 5, 10, 0, 0, 250_000, tzinfo=UTC)
    assert [
        (line.product.external_id, str(line.quantity), line.unit_price and str(line.unit_price))
        for line in first.lines.order_by("id")
    ] == [("new-p", "2.001", "1.0001"), ("new-p", "-1.000", None), ("old-p", "0.000", None)]
    assert (first.client.name, Product.objects.get(external_id="new-p").pack_size) == ("", 1)


def test_a_call_without_a_body_is_told_what_is_missing(empty_house, tool):
    answer = tool.post(None, path="/clients")

    assert (answer.status_code, answer.body["code"]) == (400, "parse_error")
    assert answer.body["error"] == "Send a JSON object as the body, with its Content-Length."


def test_all_that_is_wrong_with_the_rows_of_a_call_is_said_at_once(tool):
    products = [{"product": "a", "replacedBy": "a"}, {"product": "b", "price": -1}, {"product": "a"}, {"name": 3}, 7]

    answer = tool.post({"items": products}, "/products")

    assert list(answer.body["details"]) == [
        "items[1].price", "items[3].name", "items[3].product", "items[4]", "items[0].replacedBy", "items[2].product",
    ]  # fmt: skip


def test_all_that_is_wrong_with_one_field_is_said_at_once(tool):
    too_long = {"client": "a" * 65, "chain": "a" * 65}

    details = tool.post({"items": [too_long, too_long]}, "/clients").body["details"]

    assert [len(details[f"items[1].{field}"]) for field in ("client", "chain")] == [2, 2]
    assert "The same id stands in items[0]; send it once." in details["items[1].client"]


@pytest.mark.parametrize(
    ("path", "items", "fault"),
    [
        ("/clients", [{"client": "a"}, {"client": "a"}], "items[1].client"),
        ("/clients", [{"client": "a", "chain": "a"}], "items[0].chain"),
        ("/clients", [{"client": "a", "colour": 1}], "items[0].colour"),
        ("/products", [{"product": "a", "replacedBy": "a"}], "items[0].replacedBy"),
        ("/products", [{"product": "a"}, {"product": "b", "packSize": 0}], "items[1].packSize"),
        ("/products", [{"product": "a\n"}], "items[0].product"),
        ("/orders", [{"order": "o", "client": "c", "items": []}], "items[0].date"),
        ("/orders", [{"order": "o", "client": "c", "date": "2026-01-01", "items": []}], "items[0].date"),
        ("/orders", [ORDER, ORDER], "items[1].order"),
        ("/orders", [ORDER | {"items": [{"product": "a", "quantity": 1, "price": -1}]}], "items[0].items[0].price"),
        ("/orders", [ORDER | {"items": [{"product": "a"}]}], "items[0].items[0].quantity"),
        ("/products", [{"product": "b"}, {"product": "a"}, {"product": "a"}], "items[2].product"),
        ("/clients", [], "items"),
        ("/clients", None, "items"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_taken(empty_house, tool, path, items, fault):
    answer = tool.post({"items": items}, path)

    assert (answer.status_code, list(answer.body["details"])) == (400, [fault])
    assert not Client.objects.exists()
    assert not Product.objects.exists()
    assert not Order.objects.exists()


@pytest.fixture
def import_under_way(db):
    """`import_orders`, on another connection, between its first merge and its commit."""
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        wait_for_other_merges(cursor)
        yield
        cursor.execute("ROLLBACK")
    other.close()


@pytest.mark.parametrize(
    ("path", "item"), [("/orders", ORDER), ("/clients", {"client": "c"}), ("/products", {"product": "p"})]
)
def test_a_push_waits_for_a_large_import_for_seconds_only(tool, monkeypatch, import_under_way, path, item):
    monkeypatch.setattr(master_data, "PATIENCE", timedelta(milliseconds=20))

    answer = tool.post({"items": [item]}, path)

    assert (answer.status_code, answer.body["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_thousand_orders_of_twenty_lines_go_in_at_once(tool):
    orders = [
        {"order": f"o{n}", "client": f"c{n % 50}", "date": "2026-02-01T00:00:00Z",
         "items": [{"product": f"p{(n * 7 + k) % 400}", "quantity": k + 1, "price": 2.5} for k in range(20)]}
        for n in range(1000)
    ]  # fmt: skip

    assert counts(tool.post({"items": orders[:900]}, "/orders")) == [900, 0, 0]
    assert OrderLine.objects.count() >= 18_000
