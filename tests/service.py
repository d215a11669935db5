"""The service as its users meet it: gunicorn with the project's configuration, reached over HTTP."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from django.conf import settings

API = "/activity-ai-sales-order"
PATIENCE_SECONDS = 60  # for a busy machine to start the processes, and to end them


@contextmanager
def running_service(
    database_url: str, application: str = "salesai.wsgi:application", **environment: str
) -> Iterator[str]:
    """Run gunicorn on a database; gives its address. Requests that come while it starts wait for it."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "--config", "salesai/gunicorn.conf.py",
                "--bind", f"fd://{listener.fileno()}", "--log-level", "warning", application,
            ],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATABASE_URL": database_url, "LOG_LEVEL": "CRITICAL"} | environment,
            pass_fds=[listener.fileno()],
        )  # fmt: skip
    try:
        yield address
    finally:
        server.terminate()
        server.wait(PATIENCE_SECONDS)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def database_url(database: dict[str, Any]) -> str:
    """The DATABASE_URL of an entry of Django's DATABASES; its host may be the folder of a socket."""
    account = f"{quote(database['USER'], safe='')}:{quote(database['PASSWORD'], safe='')}"
    host, port, name = database["HOST"], database["PORT"] or 5432, database["NAME"]
    where = f":{port}/{host}" if host.startswith("/") else f"{host}:{port}"
    return f"postgres://{account}@{where}/{name}"


def address_of(database: dict[str, Any]) -> dict[str, Any]:
    """What psycopg needs to connect to a database of Django's settings."""
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    return {name: database[key] for name, key in names.items()}
