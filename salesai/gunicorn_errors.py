"""What gunicorn answers by itself to what is no request: in the contract's form, where it would send HTML."""

import uuid
from socket import socket

import orjson
from gunicorn import util


def write_error(sock: socket, status_int: int, reason: str, mesg: str) -> None:
    """Takes the place of `gunicorn.util.write_error`, the one function that all its workers answer errors by."""
    from activities.errors import envelope  # it needs the apps, which the processes that answer have set up

    body = orjson.dumps(envelope(mesg or reason, reason.lower().replace(" ", "_")))
    head = (
        f"HTTP/1.1 {status_int} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nX-Request-Id: {uuid.uuid4()}\r\n\r\n"
    )
    util.write_nonblock(sock, head.encode("latin1") + body)
