import json
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from django.test import Client as HttpClient
from django.test import override_settings

from activities.models import ApiKey
from recommender.models import Client, ModelVersion, Order, Product, SalesRep
from recommender.registry import promote
from recommender.training import train_version
from tests.installation import Installation
from tests.service import API, database_url, running_service
from tests.wholesale import LAST_DAY, load_wholesale_house


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """With pytest-xdist: tests of one file, or of one installation, stay together; those that empty the database last.

    Those are the tests with transactions of their own; what a session made once is gone after them. The
    longest come first, so that no process is alone with them at the end: those with installations of their own.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    items.sort(key=asks_for_database)


def group_of(item) -> str:
    if asks_for_database(item, transaction=True):
        return "own transactions"
    return "installation" if "installation" in item.fixturenames else item.nodeid.split("::")[0]


def asks_for_database(item, transaction: bool = False) -> bool:
    """Whether a test uses the test database, or with `transaction` whether it does so in transactions of its own."""
    marker = item.get_closest_marker("django_db")
    if {"transactional_db", "live_server"} & set(item.fixturenames) or (marker and marker.kwargs.get("transaction")):
        return True
    return not transaction and (marker is not None or "db" in item.fixturenames)


@pytest.fixture(scope="session", autouse=True)
def own_models_folder(tmp_path_factory):
    """Models trained by tests stay out of the installation's own."""
    folder = tmp_path_factory.mktemp("data") / "models"
    models = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
    with override_settings(STORAGES=settings.STORAGES | {"models": models}):
        storages._storages.clear()
        yield folder


@pytest.fixture(scope="session")
def wholesale_house(django_db_setup, django_db_blocker, own_models_folder):
    """The order history of `tests.wholesale`, with a model that has learned from it; made once."""
    with django_db_blocker.unblock():
        load_wholesale_house()
        promote(train_version(LAST_DAY))


@pytest.fixture
def served_house(transactional_db, own_models_folder):
    """The address of the service as it runs, on the house of `tests.wholesale`."""
    if not ModelVersion.objects.active().exists():
        load_wholesale_house()
        promote(train_version(LAST_DAY))
    data = str(own_models_folder.parent)
    with running_service(database_url(connection.settings_dict), SALESAI_DATA_DIR=data) as address:
        yield address


@pytest.fixture
def empty_house(db):
    """No order history and no model, whatever other tests have made."""
    tables = ", ".join(model._meta.db_table for model in (ModelVersion, Order, Product, Client, SalesRep))
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables} CASCADE")


@pytest.fixture(scope="session")
def installation(tmp_path_factory):
    """An installation with a small history and a model; made once."""
    installation = Installation(tmp_path_factory.mktemp("installation"))
    try:
        installation.manage("migrate", "--verbosity", "0")
        installation.manage("generate_demo_history", "--clients", "30", "--until", "2026-01-01")
        installation.manage("train_recommender")
        yield installation
    finally:
        installation.postgres.stop()


class Tool:
    """A sales tool: sends JSON with its key, and gets (status, body)."""

    def __init__(self, token: str | None):
        self.http = HttpClient(headers={"api-key": token} if token else {}, raise_request_exception=False)

    def send(self, method: str, path: str, body=None, **headers):
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.exchange(method, path, data, {"content-type": "application/json"} | headers)
        response.body = json.loads(response.content) if response.content else None
        return response

    def exchange(self, method: str, path: str, data: bytes, headers: dict[str, str]):
        return self.http.generic(method, path, data, content_type=headers.pop("content-type"), headers=headers)

    def get(self, path=API, **headers):
        return self.send("GET", path, **headers)

    def post(self, body=None, path=API, **headers):
        return self.send("POST", path, body, **headers)

    def put(self, activity_id, body, **headers):
        return self.send("PUT", f"{API}/{activity_id}", body, **headers)

    def patch(self, activity_id, body, **headers):
        return self.send("PATCH", f"{API}/{activity_id}", body, **headers)

    def delete(self, activity_id, **headers):
        return self.send("DELETE", f"{API}/{activity_id}", **headers)

    def file(self, **fields) -> dict:
        """A new activity, as the API shows it."""
        wanted = {"client": "cafe-00", "rep": "rep-0", "activityType": "recommendation"} | fields
        response = self.post(wanted)
        assert response.status_code == 201, response.body
        return response.body["data"]

    def generate(self, activity_id):
        return self.post(path=f"{API}/{activity_id}/generate")

    def generated(self, **fields) -> dict:
        """A new activity with its suggestions, as the API shows it."""
        activity = self.file(**fields)
        answer = self.generate(activity["_id"])
        assert answer.status_code == 200, answer.body
        return self.get(f"{API}/{activity['_id']}").body["data"]


@pytest.fixture
def tool(db) -> Tool:
    return Tool(ApiKey.issue("test")[1])


@pytest.fixture
def keys(db) -> SimpleNamespace:
    """Tools with keys of every kind."""
    revoked, token = ApiKey.issue("revoked")
    revoked.revoke()
    return SimpleNamespace(
        full=Tool(ApiKey.issue("full")[1]),
        read_only=Tool(ApiKey.issue("reader", read_only=True)[1]),
        of_rep_0=Tool(ApiKey.issue("rep 0", rep="rep-0")[1]),
        revoked=Tool(token),
        none=Tool(None),
    )
