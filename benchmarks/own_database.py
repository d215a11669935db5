"""A database and a models folder for a benchmark alone: the installation's own are never touched.

Importing this module sets Django up, so a benchmark imports it before the project's models:
in the order of the alphabet, or with `# isort: split` where it imports `activities` too.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesai.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.backends.utils import CursorWrapper  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from tqdm import tqdm  # noqa: E402


@dataclass(frozen=True)
class OwnDatabase:
    """An empty, migrated database by its name, and the folder that models go to."""

    name: str
    models: str

    def run_apart(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What the function returns, called in a fresh process on this database: its memory and time are its own."""
        context = get_context("spawn")
        with ProcessPoolExecutor(1, context, initializer=attach, initargs=(self.name, self.models)) as process:
            return process.submit(function, *arguments).result()


@contextmanager
def own_database() -> Iterator[OwnDatabase]:
    """A database on the server that the settings name, dropped at the end; this process uses it until then."""
    usual = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"salesai_benchmark_{os.getpid()}"
    # Named as in a data folder, so that a service can be told to look for its models there.
    with tempfile.TemporaryDirectory() as folder, models_in(models := f"{folder}/models"):
        name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            yield OwnDatabase(name, models)
        finally:
            close_sessions(name)
            connection.creation.destroy_test_db(usual, verbosity=0)


def database_parameters() -> str:
    """How libpq reaches the database that this process uses."""
    settings = connection.get_connection_params()
    return " ".join(f"{name}='{settings[name]}'" for name in ("dbname", "host", "port", "user") if settings.get(name))


def close_sessions(database: str) -> None:
    """End what threads and servers of the benchmark left open, which would keep the database from being dropped."""
    with connection._nodb_cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [database],
        )


@contextmanager
def without_indexes(cursor: CursorWrapper, *tables: str) -> Iterator[None]:
    """Filling large tables is many times quicker where their indexes are built afterwards."""
    cursor.execute(
        "SELECT i.indexname, i.indexdef FROM pg_indexes i LEFT JOIN pg_constraint c ON c.conname = i.indexname "
        "WHERE i.tablename = ANY(%s) AND c.oid IS NULL",
        [list(tables)],
    )
    indexes = cursor.fetchall()
    cursor.execute("; ".join(f'DROP INDEX "{name}"' for name, _ in indexes))
    yield
    for _, definition in tqdm(indexes, desc="Indexing", disable=None):
        cursor.execute(definition)


def models_in(folder: str) -> override_settings:
    models = settings.STORAGES["models"] | {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": folder},
    }
    return override_settings(STORAGES=settings.STORAGES | {"models": models})


def attach(name: str, models: str) -> None:
    """Let this process use an own database that another one made."""
    connection.settings_dict["NAME"] = name
    models_in(models).enable()
