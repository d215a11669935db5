"""Whatever goes wrong, the answer is the contract's envelope."""

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections

from tests.conftest import API


def test_every_answer_carries_a_request_id(tool):
    assert tool.get().headers["X-Request-Id"] != tool.get().headers["X-Request-Id"]


def test_an_unknown_route_is_a_json_404_without_a_key(keys):
    answer = keys.none.get("/nowhere")

    assert (answer.status_code, answer.body["success"], answer.body["code"]) == (404, False, "not_found")
    assert keys.none.get(f"{API}/").status_code == 404


@pytest.mark.parametrize(("method", "path"), [("PATCH", API), ("POST", f"{API}/x"), ("GET", "/orders"), ("TRACE", API)])
def test_a_method_that_is_not_there_names_those_that_are(tool, method, path):
    answer = tool.send(method, path)

    assert (answer.status_code, answer.body["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"]


def test_who_does_not_take_json_gets_a_406_in_json(tool):
    answer = tool.get(accept="text/html")

    assert (answer.status_code, answer.body["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"<a/>", "application/xml", 415),
        (b"{}", "application/merge-patch+json", 415),
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"client": NaN}', "application/json", 400),
        (b'{"client": 1e999}', "application/json", 400),
        (b'{"client": "\\ud800"}', "application/json", 400),
        (b'{"metadata": {"a": "\\u0000"}}', "application/json", 400),
        (b'{"metadata": ' + b"[" * 40 + b"]" * 40 + b"}", "application/json", 400),
        (b'{"client": "\xff"}', "application/json", 400),
        (b" " * (1024 * 1024 + 1), "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_taken_is_refused(tool, body, content_type, status):
    answer = tool.post(body, content_type=content_type)

    assert answer.status_code == status
    assert answer.body["success"] is False


def test_a_compressed_body_is_refused(tool):
    assert tool.post(b"\x1f\x8b", content_encoding="gzip").status_code == 415


def test_a_database_that_does_not_answer_is_a_503_that_says_when_to_come_back(tool):
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    with other.cursor() as blocker, connection.cursor() as cursor:
        blocker.execute("BEGIN; LOCK TABLE activities_activity")
        cursor.execute("SET LOCAL lock_timeout = 20")
        answer = tool.get()
        blocker.execute("ROLLBACK")
    other.close()

    assert (answer.status_code, answer.body["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
