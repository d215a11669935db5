"""Django's PostgreSQL backend on the embedded server, which it starts when a connection is wanted.

    DATABASES = {"default": {"ENGINE": "salesai.embedded_backend", "NAME": "salesai"}}

The server's files are in `settings.DATA_DIR / "postgres"`; host, port and user follow from that.
Reading the settings starts nothing. The first connection starts the server, and so does a later
one that finds it gone. The database is created where it is missing.
"""

from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.db.backends.postgresql import client
from django.db.utils import DEFAULT_DB_ALIAS

from salesai.embedded_postgres import PORT, USER, EmbeddedPostgres
from salesai.postgres_account import installed_binaries
from salesai.postgres_backend import base


def embedded_server() -> EmbeddedPostgres:
    """The server of this installation."""
    return EmbeddedPostgres(Path(settings.DATA_DIR) / "postgres")


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell` with the psql of the same installation."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: list[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        arguments, environment = super().settings_to_cmd_args_env(settings_dict, parameters)
        return [str(installed_binaries() / "psql"), *arguments[1:]], environment


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient
    _databases_seen: ClassVar[set[tuple[Path, str]]] = set()

    def __init__(self, settings_dict: dict[str, Any], alias: str = DEFAULT_DB_ALIAS) -> None:
        self.server = embedded_server()
        settings_dict |= {"HOST": str(self.server.socket_dir), "PORT": PORT, "USER": USER}
        super().__init__(settings_dict, alias)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self.server.start()
        database = self.server.folder, conn_params["dbname"]
        if database not in self._databases_seen:
            self.server.create_database(conn_params["dbname"])
            self._databases_seen.add(database)
        return super().get_new_connection(conn_params)
