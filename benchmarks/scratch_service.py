"""A running service on a database of its own, for measurements that must not meet real data."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesai.settings")

import psycopg
from django.conf import settings

from salesai.embedded_backend.base import embedded_server
from salesai.embedded_postgres import PORT, USER
from tests.service import database_url, running_service


@dataclass(frozen=True)
class ScratchService:
    """`database`: what psycopg needs to connect to it."""

    address: str
    token: str
    database: dict[str, Any]


@contextmanager
def scratch_service() -> Iterator[ScratchService]:
    """A gunicorn with the project's configuration on a new, migrated database of the embedded server.

    The database is dropped at the end.
    """
    server = embedded_server()
    server.start()
    name = f"benchmark_{secrets.token_hex(4)}"
    server.create_database(name)
    account = {"USER": USER, "PASSWORD": "", "HOST": str(server.socket_dir), "PORT": PORT}
    url = database_url(account | {"NAME": name})
    try:
        manage("migrate", "--verbosity", "0", database=url)
        token = manage("create_api_key", "benchmark", database=url).strip().removeprefix("API key: ")
        with running_service(url) as address:
            yield ScratchService(address, token, server.connection_parameters | {"dbname": name})
    finally:
        with psycopg.connect(**server.connection_parameters, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(*arguments: str, database: str) -> str:
    """What a command of manage.py prints when it runs on that database."""
    environment = os.environ | {"DATABASE_URL": database, "LOG_LEVEL": "CRITICAL"}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
