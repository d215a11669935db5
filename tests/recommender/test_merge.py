"""Clients, products and orders pushed from rows in hand: what is stored, and what the caller is told."""

import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection

from recommender.loading.merge import merge_clients, merge_orders, merge_products, merge_sales_reps
from recommender.loading.rows import MergeCounts
from recommender.models import Client, Order, OrderLine, Product, SalesRep

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
CREATED_ONE = MergeCounts(created=1)
UPDATED_ONE = MergeCounts(updated=1)
UNCHANGED_ONE = MergeCounts(unchanged=1)


def an_order(external_id="O1", **changes):
    lines = [
        {"product": "milk", "quantity": 12, "unit_price": Decimal("1.10")},
        {"product": "rice", "quantity": 2.5},
        {"product": "milk", "quantity": -1, "unit_price": Decimal("1.10")},
    ]
    return {"external_id": external_id, "client": "C1", "rep": "R1", "ordered_at": MONDAY, "lines": lines} | changes


def push(*orders):
    return merge_orders(orders, source="api")


def stored_rows(model):
    return list(model.objects.order_by("id").values())


@pytest.mark.usefixtures("empty_house")
class TestOrders:
    def test_it_works(self):
        assert push(an_order()) == CREATED_ONE

        order = Order.objects.select_related("client", "rep").get()
        assert (order.external_id, order.client.external_id, order.rep.external_id) == ("O1", "C1", "R1")
        assert (order.ordered_at, order.source) == (MONDAY, "api")
        assert list(order.lines.order_by("id").values_list("product__external_id", "quantity", "unit_price")) == [
            ("milk", Decimal(12), Decimal("1.1")),
            ("rice", Decimal("2.5"), None),
            ("milk", Decimal(-1), Decimal("1.1")),
        ]

    def test_unknown_clients_reps_and_products_are_created_with_their_id_alone(self):
        push(an_order())

        client, rep, product = Client.objects.get(), SalesRep.objects.get(), Product.objects.get(external_id="milk")
        assert (client.name, client.segment, client.region, client.chain) == ("", "", "", None)
        assert rep.name == ""
        assert (product.name, product.list_price, product.pack_size, product.active) == ("", None, 1, True)

    def test_an_order_sent_again_replaces_the_former_one_whole(self):
        push(an_order())
        former = Order.objects.get()

        again = an_order(client="C2", rep=None, lines=[{"product": "salt", "quantity": 1}])
        assert push(again) == UPDATED_ONE

        order = Order.objects.select_related("client").get()
        assert (order.pk, order.client.external_id, order.rep) == (former.pk, "C2", None)
        assert order.lines.get().product.external_id == "salt"

    def test_an_identical_order_keeps_its_rows_also_with_its_lines_in_another_order(self):
        push(an_order())
        before = stored_rows(Order), stored_rows(OrderLine)

        assert push(an_order(lines=an_order()["lines"][::-1])) == UNCHANGED_ONE

        assert (stored_rows(Order), stored_rows(OrderLine)) == before

    def test_one_line_more_of_the_same_is_a_change(self):
        push(an_order())
        assert push(an_order(lines=[*an_order()["lines"], an_order()["lines"][0]])) == UPDATED_ONE
        assert OrderLine.objects.count() == 4

    def test_one_line_less_of_the_same_is_a_change(self):
        push(an_order(lines=[*an_order()["lines"], an_order()["lines"][0]]))
        assert push(an_order()) == UPDATED_ONE
        assert OrderLine.objects.count() == 3

    @pytest.mark.parametrize(("former", "rep"), [("R1", "R2"), ("R1", None), (None, "R1")])
    def test_another_rep_is_a_change(self, former, rep):
        push(an_order(rep=former))
        assert push(an_order(rep=rep)) == UPDATED_ONE
        assert Order.objects.values_list("rep__external_id", flat=True).get() == rep

    def test_a_price_that_becomes_known_is_a_change(self):
        push(an_order(lines=[{"product": "milk", "quantity": 1, "unit_price": None}]))
        assert push(an_order(lines=[{"product": "milk", "quantity": 1, "unit_price": 2}])) == UPDATED_ONE
        assert OrderLine.objects.get().unit_price == 2

    def test_an_order_without_lines_removes_it_and_creates_nothing(self):
        push(an_order(), an_order("O2"))

        assert push(an_order(client="unheard-of", rep="unheard-of", lines=[])) == UPDATED_ONE
        assert push(an_order(lines=[])) == UNCHANGED_ONE

        assert [order.external_id for order in Order.objects.all()] == ["O2"]
        assert not Client.objects.filter(external_id="unheard-of").exists()
        assert not SalesRep.objects.filter(external_id="unheard-of").exists()

    def test_each_order_is_counted_once(self):
        push(an_order("kept"), an_order("moved"), an_order("removed"))

        counts = push(
            an_order("kept"),
            an_order("moved", client="C2"),
            an_order("removed", lines=[]),
            an_order("never there", lines=[]),
            an_order("new"),
        )

        assert counts == MergeCounts(created=1, updated=2, unchanged=2)

    def test_quantities_have_three_decimals_and_prices_four_rounded_half_away_from_zero(self):
        push(an_order(lines=[{"product": "rice", "quantity": 1.0005, "unit_price": 0.00005}]))
        push(an_order("O2", lines=[{"product": "rice", "quantity": -1.0005, "unit_price": 0.00004}]))

        amounts = OrderLine.objects.order_by("id").values_list("quantity", "unit_price")
        assert list(amounts) == [(Decimal("1.001"), Decimal("0.0001")), (Decimal("-1.001"), Decimal(0))]

    def test_rounded_amounts_that_are_sent_again_are_the_same(self):
        lines = [{"product": "rice", "quantity": 0.12345, "unit_price": 1 / 3}]
        push(an_order(lines=lines))
        assert push(an_order(lines=lines)) == UNCHANGED_ONE

    def test_what_is_unchanged_uses_up_no_ids(self):
        push(an_order())
        push(an_order())
        push(an_order("O2", lines=[{"product": "salt", "quantity": 1}]))

        assert Order.objects.get(external_id="O2").pk == Order.objects.get(external_id="O1").pk + 1
        assert Product.objects.get(external_id="salt").pk == Product.objects.get(external_id="rice").pk + 1


@pytest.mark.usefixtures("empty_house")
class TestClients:
    def test_a_field_left_out_keeps_its_value_and_null_empties_it(self):
        merge_clients([{"external_id": "C1", "name": "Café Lena", "segment": "cafe", "region": "North", "chain": "H1"}])

        assert merge_clients([{"external_id": "C1", "segment": None, "chain": None}]) == UPDATED_ONE

        client = Client.objects.get(external_id="C1")
        assert (client.name, client.segment, client.region, client.chain) == ("Café Lena", "", "North", None)

    def test_an_unknown_chain_is_created_and_does_not_count(self):
        assert merge_clients([{"external_id": "C1", "chain": "H1"}]) == CREATED_ONE
        assert Client.objects.get(external_id="C1").chain == Client.objects.get(external_id="H1")

    def test_a_chain_may_come_in_the_same_call_after_its_branch(self):
        rows = [{"external_id": "C1", "chain": "H1"}, {"external_id": "H1", "name": "Lena & Co"}]
        assert merge_clients(rows) == MergeCounts(created=2)
        assert Client.objects.get(external_id="C1").chain.name == "Lena & Co"

    def test_each_client_is_counted_once(self):
        merge_clients([{"external_id": "kept", "name": "A"}, {"external_id": "renamed", "name": "B"}])

        rows = [
            {"external_id": "kept", "name": "A", "segment": None},
            {"external_id": "renamed", "name": "C"},
            {"external_id": "new"},
        ]

        assert merge_clients(rows) == MergeCounts(created=1, updated=1, unchanged=1)

    def test_a_rep_gets_its_name(self):
        assert merge_sales_reps([{"external_id": "R1", "name": "Ada Quist"}]) == CREATED_ONE
        assert str(SalesRep.objects.get()) == "Ada Quist"


@pytest.mark.usefixtures("empty_house")
class TestProducts:
    def test_null_sets_the_default_where_a_product_cannot_do_without(self):
        full = {
            "external_id": "milk",
            "name": "Milk",
            "category": "Dairy",
            "list_price": 1.25,
            "unit": "litre",
            "pack_size": 12,
            "min_order_quantity": 6,
            "active": False,
            "replaced_by": "oat-milk",
        }
        merge_products([full])
        stored = Product.objects.get(external_id="milk")
        assert (stored.pack_size, stored.active, stored.replaced_by.external_id) == (12, False, "oat-milk")

        assert merge_products([dict.fromkeys(full) | {"external_id": "milk"}]) == UPDATED_ONE

        stored.refresh_from_db()
        assert (stored.name, stored.category, stored.list_price, stored.unit) == ("", "", None, "")
        assert (stored.pack_size, stored.min_order_quantity, stored.active, stored.replaced_by) == (1, 1, True, None)

    def test_a_price_with_too_many_decimals_is_the_same_when_sent_again(self):
        merge_products([{"external_id": "milk", "list_price": 1 / 3}])
        assert merge_products([{"external_id": "milk", "list_price": 1 / 3}]) == UNCHANGED_ONE
        assert Product.objects.get().list_price == Decimal("0.3333")


@pytest.mark.django_db(transaction=True)
def test_merges_of_the_same_orders_at_once_give_each_order_once():
    orders = [an_order(f"O{number:03}", client=f"C{number}", rep=f"R{number}") for number in range(300)]
    counts, together = [], threading.Barrier(2)

    def merge(rows):
        together.wait()
        counts.append(merge_orders(rows, source="api"))
        connection.close()

    threads = [threading.Thread(target=merge, args=[rows]) for rows in (orders, orders[::-1])]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert sorted(counts, key=lambda each: each.created) == [MergeCounts(unchanged=300), MergeCounts(created=300)]
    merged = Order.objects.filter(external_id__in=[order["external_id"] for order in orders])
    assert (merged.count(), OrderLine.objects.filter(order__in=merged).count()) == (300, 900)
