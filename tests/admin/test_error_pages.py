"""What goes wrong in the admin is told on a page that leads back."""

import pytest
from django.db import connection
from django.test import Client as HttpClient
from django.urls import reverse

from tests.admin.people import ops_user, sales_manager

pytestmark = pytest.mark.django_db
BACK = '<a href="/admin/">To the dashboard</a>'


def assert_tells(answer, status, said):
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/html")
    assert said in answer.content.decode()
    assert BACK in answer.content.decode()


def test_a_page_that_a_role_does_not_open(client):
    client.force_login(sales_manager())

    assert_tells(client.get(reverse("admin:auth_user_changelist")), 403, "Ask whoever runs Sales AI")


def test_an_address_where_nothing_is(client):
    client.force_login(ops_user())

    assert_tells(client.get("/admin/nowhere/"), 404, "There is no page at this address.")


def test_an_activity_that_cannot_be(client):
    client.force_login(ops_user())

    pages = [client.get(f"/admin/activities/activity/{pk}/change/", follow=True) for pk in ("nowhere", "%00")]

    assert [page.redirect_chain for page in pages] == [[("/admin/", 302)]] * 2


def test_a_fault_of_the_server(client):
    client.force_login(ops_user())
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE activities_activity RENAME COLUMN client TO somewhere_else")

    assert_tells(client.get(reverse("admin:activities_activity_changelist")), 500, "The fault is the server")


def test_a_form_that_was_open_for_too_long():
    answer = HttpClient(enforce_csrf_checks=True).post(reverse("admin:login"), {"username": "olga"})

    assert_tells(answer, 403, "The page was open for too long")


def test_a_locked_login_says_for_how_long(client):
    olga = ops_user()
    for _ in range(5):
        client.post(reverse("admin:login"), {"username": olga.username, "password": "guess"})

    answer = client.post(reverse("admin:login"), {"username": olga.username, "password": "guess"})

    assert_tells(answer, 429, "Wait 15 minutes before you try again")
