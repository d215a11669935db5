"""What never reaches Django, because it is no request that a server reads."""

import json
import socket
from urllib.parse import urlsplit

from django.db import connection

from tests.service import database_url, running_service

GOOD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


def exchange(address: str, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body) of the answer to these bytes."""
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    return int(status.split()[1]), dict(header.split(": ", 1) for header in headers), body


def test_what_is_no_request_is_refused_in_the_contracts_form(transactional_db):
    many = b"".join(b"x-%d: 1\r\n" % number for number in range(150))
    with running_service(database_url(connection.settings_dict)) as address:
        answers = {
            request: exchange(address, request)
            for request in (
                GOOD + b"api-key: " + b"x" * 9000 + b"\r\n\r\n",
                GOOD + many + b"\r\n",
                GOOD + b"api key: x\r\n\r\n",
                GOOD + b"Content-Length: abc\r\n\r\n",
                b"GET /?client=\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"<html>\r\n\r\n",
            )
        }

    assert [status for status, _, _ in answers.values()] == [431, 431, 400, 400, 400, 400]
    for status, headers, body in answers.values():
        error = json.loads(body)
        assert headers["Content-Type"] == "application/json"
        assert headers["X-Request-Id"]
        assert (error["success"], bool(error["error"])) == (False, True)
        assert error["code"] == ("bad_request" if status == 400 else "request_header_fields_too_large")


def test_a_filter_may_be_of_its_full_length_and_no_line_is_read_without_end(transactional_db):
    def get(client: bytes) -> bytes:
        return b"GET /openapi.json?filter=" + client + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    with running_service(database_url(connection.settings_dict)) as address:
        full, _, _ = exchange(address, get(b"%F0%9F%8D%BA" * 8000))
        endless, headers, body = exchange(address, get(b"x" * 140_000))

    assert (full, endless) == (200, 414)
    assert headers["X-Request-Id"]
    assert json.loads(body)["code"] == "uri_too_long"
