"""Whatever goes wrong, the answer is the contract's envelope."""

from datetime import timedelta

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.test import Client as HttpClient

from activities import master_data
from tests.service import API

NOT_READ = 400, "parse_error"
WRONG_TYPE = 415, "unsupported_media_type"


@pytest.fixture
def broken_table(db):
    """Something that nobody has thought of."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE activities_activity RENAME COLUMN client TO somewhere_else")


def test_every_answer_is_json_and_carries_a_request_id_of_its_own(keys):
    path = f"{API}/{keys.full.file()['_id']}"
    answers = [
        keys.full.get(path), keys.full.get(f"{API}/x"), keys.full.get("/nowhere", accept="text/html"),
        keys.none.get(), keys.read_only.post({}), keys.full.post({}), keys.full.send("PUT", API),
        keys.full.get(accept="text/html"), keys.full.post(b"{}", content_type="text/html"), keys.full.delete(path),
    ]  # fmt: skip

    assert {answer.headers["Content-Type"] for answer in answers} == {"application/json"}
    assert [answer.body["success"] for answer in answers] == [answer.status_code == 200 for answer in answers]
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == len(answers)
    assert [int(answer.headers["Content-Length"]) for answer in answers] == [len(answer.content) for answer in answers]
    assert {answer.headers["Content-Security-Policy"] for answer in answers} == {
        "default-src 'none'; frame-ancestors 'none'"
    }


def test_a_fault_of_the_server_is_told_without_its_insides(tool, broken_table):
    answer = tool.get()

    assert (answer.status_code, answer.body.keys()) == (500, {"success", "error", "code"})
    assert answer.body["code"] == "server_error"
    assert "column" not in answer.body["error"]
    assert answer.headers["X-Request-Id"]


def test_an_unknown_route_is_a_json_404_without_a_key(keys):
    answer = keys.none.get("/nowhere")

    assert (answer.status_code, answer.body["success"], answer.body["code"]) == (404, False, "not_found")
    assert keys.none.get(f"{API}/").status_code == 404


def test_an_unknown_route_is_a_json_404_for_who_posts_without_a_cookie_too(db):
    answer = HttpClient(enforce_csrf_checks=True).post(f"{API}//generate", b"{}", content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(("method", "path"), [("PATCH", API), ("POST", f"{API}/x"), ("GET", "/orders"), ("TRACE", API)])
def test_a_method_that_is_not_there_names_those_that_are(tool, method, path):
    answer = tool.send(method, path)

    assert (answer.status_code, answer.body["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"]


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/admin", "/healthz", "/readyz"])
def test_what_is_there_to_be_read_says_so_to_who_writes_without_a_cookie(method, path):
    answer = HttpClient(enforce_csrf_checks=True).generic(method, path, b"{}", content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "accepted", ["text/html", "application/json;q=0", "image/*, text/*", "application/json;q=0, */*", "*/*;q=0"]
)
def test_who_does_not_take_json_gets_a_406_in_json(tool, accepted):
    answer = tool.get(accept=accepted)

    assert (answer.status_code, answer.body["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize(
    "accepted",
    [
        "*/*", "application/*", "text/html, application/json;q=0.1", "application/json; charset=utf-8",
        "Application/JSON;version=1", "text/html, */*;q=0.1", "",
    ],
)  # fmt: skip
def test_who_takes_json_among_others_gets_it(tool, accepted):
    assert tool.get(accept=accepted).status_code == 200


def test_where_no_body_is_needed_an_empty_one_may_be_of_any_type(tool):
    path = f"{API}/{tool.file()['_id']}"

    assert tool.post(path=f"{path}/cancel", content_type="application/xml").status_code == 200
    assert tool.get(path, content_type="application/xml").status_code == 200
    assert tool.send("DELETE", path, content_type="application/xml").status_code == 200


@pytest.mark.parametrize(
    ("body", "content_type", "status"), [(b"<a/>", "application/xml", 415), (b"{", "application/json", 400)]
)
def test_where_no_body_is_needed_another_than_json_is_refused_and_nothing_done(tool, body, content_type, status):
    path = f"{API}/{tool.file()['_id']}"

    cancelled = tool.exchange("POST", f"{path}/cancel", body, {"content-type": content_type})
    deleted = tool.exchange("DELETE", path, body, {"content-type": content_type})

    assert (cancelled.status_code, deleted.status_code) == (status, status)
    assert tool.get(path).body["data"]["status"] == "processing"


def test_more_parameters_than_anyone_needs_are_a_400(tool):
    answer = tool.get(f"{API}?{'&'.join(f'a{number}=1' for number in range(1001))}")

    assert (answer.status_code, answer.body["code"]) == (400, "parse_error")


@pytest.mark.parametrize(
    ("body", "content_type", "refusal"),
    [
        (b"<a/>", "application/xml", WRONG_TYPE),
        (b"{}", "application/merge-patch+json", WRONG_TYPE),
        (b"{", "application/json", NOT_READ),
        (b"", "application/json", NOT_READ),
        (b"[]", "application/json", NOT_READ),
        (b'{"client": NaN}', "application/json", NOT_READ),
        (b'{"client": 1e999}', "application/json", NOT_READ),
        (b'{"client": "\\ud800"}', "application/json", NOT_READ),
        (
            b'{"client": "c", "rep": "r", "activityType": "upsell", "metadata": {"a": ["\\u0000"]}}',
            "application/json",
            NOT_READ,
        ),
        (
            b'{"client": "c", "rep": "r", "activityType": "upsell", "metadata": {"\\u0000": 1}}',
            "application/json",
            NOT_READ,
        ),
        (b'{"metadata": ' + b"[" * 40 + b"]" * 40 + b"}", "application/json", NOT_READ),
        (b'{"client": "\xff"}', "application/json", NOT_READ),
        (b" " * (1024 * 1024 + 1), "application/json", (413, "body_too_large")),
    ],
)
def test_a_body_that_cannot_be_taken_is_refused(tool, body, content_type, refusal):
    answer = tool.post(body, content_type=content_type)

    assert (answer.status_code, answer.body["code"]) == refusal


def test_a_body_is_nested_at_most_32_deep(tool):
    wanted = '{"client": "c", "rep": "r", "activityType": "upsell", "metadata": {"deep": %s}}'

    assert tool.post((wanted % ("[" * 30 + "]" * 30)).encode()).status_code == 201
    assert tool.post((wanted % ("[" * 31 + "]" * 31)).encode()).status_code == 400


def test_of_a_repeated_key_the_last_one_counts(tool):
    answer = tool.post(b'{"client": "a", "rep": "r", "activityType": "upsell", "client": "b"}')

    assert answer.body["data"]["client"] == "b"


def test_an_escaped_backslash_before_u0000_is_no_nul(tool):
    assert tool.file(metadata={"path": "C:\\u0000"})["metadata"] == {"path": "C:\\u0000"}


def test_a_compressed_body_is_refused(tool):
    assert tool.post(b"\x1f\x8b", content_encoding="gzip").status_code == 415


@pytest.fixture
def out_of_reach(request, db, monkeypatch):
    """Another connection holds the table and lets nobody in."""
    monkeypatch.setattr(master_data, "PATIENCE", timedelta(milliseconds=20))
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    with other.cursor() as blocker, connection.cursor() as cursor:
        blocker.execute(f"BEGIN; LOCK TABLE {request.param}")
        cursor.execute("SET LOCAL lock_timeout = 20")
        yield
        blocker.execute("ROLLBACK")
    other.close()


@pytest.mark.parametrize("out_of_reach", ["recommender_product"], indirect=True)
def test_a_database_that_does_not_answer_is_a_503_that_says_when_to_come_back(wholesale_house, tool, out_of_reach):
    activity = tool.file()

    generated = tool.generate(activity["_id"])
    pushed = tool.post({"items": [{"product": "p"}]}, "/products")

    assert (generated.status_code, generated.body["code"]) == (503, "unavailable")
    assert (pushed.status_code, pushed.body["code"]) == (503, "unavailable")
    assert pushed.body["error"].startswith("The database cannot do this now, and nothing was changed.")
    assert int(generated.headers["Retry-After"]) > 0
    assert tool.get(f"{API}/{activity['_id']}").body["data"] == activity


@pytest.mark.parametrize("out_of_reach", ["recommender_order", "recommender_orderline"], indirect=True)
def test_orders_that_cannot_be_read_now_are_a_503_that_changes_nothing(wholesale_house, tool, out_of_reach):
    activity = tool.file()

    answer = tool.generate(activity["_id"])

    assert (answer.status_code, answer.body["code"]) == (503, "unavailable")
    assert tool.get(f"{API}/{activity['_id']}").body["data"] == activity
