"""Orders in the admin, however many lines they have."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from recommender.admin.order_history import MOST_EDITABLE
from recommender.loading.merge import merge_orders
from recommender.models import Order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house")]
PRODUCTS = ("coffee", "milk", "sugar")


def order_of(lines):
    """An order of so many lines."""
    ordered = [{"product": PRODUCTS[n % 3], "quantity": n + 1, "unit_price": 2} for n in range(lines)]
    order = {"external_id": f"of-{lines}", "client": "cafe-01", "rep": "rep-0"}
    merge_orders([order | {"ordered_at": datetime(2025, 6, 1, tzinfo=UTC), "lines": ordered}], source="test")
    return Order.objects.get(external_id=f"of-{lines}")


def page_of(order):
    return reverse("admin:recommender_order_change", args=[order.pk])


def queries_for(client, order):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page_of(order)).status_code == 200
    return len(queries)


def fields_of(page):
    """What the page posts when nothing is typed."""
    form, [lines] = page.context["adminform"].form, page.context["inline_admin_formsets"]
    fields = [*form, *lines.formset.management_form, *(field for line in lines.formset for field in line)]
    posted = {field.html_name: field.value() for field in fields if field.value() not in (None, False)}
    ordered_at = page.context["original"].ordered_at
    return posted | {"ordered_at_0": ordered_at.date(), "ordered_at_1": ordered_at.time()}


@pytest.mark.parametrize("person", ["superuser", "manager"])
def test_an_order_of_many_lines_asks_no_more_than_one_of_few(request, person):
    client = request.getfixturevalue(person)
    few, many = order_of(5), order_of(50)

    assert queries_for(client, many) == queries_for(client, few)


def test_a_line_gets_another_product_and_the_others_stay(superuser):
    order = order_of(3)
    first, *others = order.lines.order_by("pk")
    page = superuser.get(page_of(order))

    answer = superuser.post(
        page_of(order), fields_of(page) | {"lines-0-product": others[0].product_id, "lines-0-quantity": 7}
    )

    first.refresh_from_db()
    assert answer.status_code == 302
    assert (first.product.external_id, first.quantity) == ("milk", 7)
    assert [line.product.external_id for line in order.lines.order_by("pk")] == ["milk", "milk", "sugar"]


def test_a_line_names_its_product_as_people_know_it(superuser):
    page = superuser.get(page_of(order_of(3))).content.decode()

    assert page.count("selected>Coffee</option>") == 1


def test_an_order_of_very_many_lines_shows_them_all_and_can_be_saved(superuser):
    order = order_of(MOST_EDITABLE + 1)
    posted = {
        "external_id": "renamed",
        "client": order.client_id,
        "ordered_at_0": "2025-06-02",
        "ordered_at_1": "09:00",
    }

    page = superuser.get(page_of(order)).content.decode()
    answer = superuser.post(page_of(order), posted)

    order.refresh_from_db()
    assert "An order of more than 100 lines is replaced by sending or importing it again." in page
    assert f"{MOST_EDITABLE + 1}.000" in page
    assert (answer.status_code, order.external_id, order.lines.count()) == (302, "renamed", MOST_EDITABLE + 1)
