"""manage.py embedded_db: the embedded PostgreSQL, by hand."""

import os
import sys
from argparse import REMAINDER, ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.utils import DEFAULT_DB_ALIAS, OperationalError

from salesai.embedded_backend.base import DatabaseWrapper

NOT_RUNNING = 3  # as `systemctl status` and `pg_ctl status` exit


class Command(BaseCommand):
    help = "Start, stop, look at or open a shell on the embedded PostgreSQL, used where DATABASE_URL is unset."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "action",
            choices=["start", "stop", "status", "psql"],
            help=f"status exits with 0 where the server runs and {NOT_RUNNING} where it does not",
        )
        parser.add_argument("arguments", nargs=REMAINDER, help="handed to psql as they are")

    def handle(self, *, action: str, arguments: list[str], **options: Any) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        if not isinstance(connection, DatabaseWrapper):
            raise CommandError("DATABASE_URL is set, so the embedded PostgreSQL is not used.")
        try:
            with connection.wrap_database_errors:
                getattr(self, action)(connection, arguments)
        except OperationalError as error:
            raise CommandError(error) from error

    def start(self, connection: DatabaseWrapper, arguments: list[str]) -> None:
        connection.ensure_connection()
        connection.close()
        self.status(connection, arguments)

    def stop(self, connection: DatabaseWrapper, arguments: list[str]) -> None:
        connection.server.stop()
        self.stdout.write("stopped")

    def status(self, connection: DatabaseWrapper, arguments: list[str]) -> None:
        running = connection.server.is_running()
        self.stdout.write(
            f"{'running' if running else 'stopped'}\n"
            f"files  {connection.server.folder}\n"
            f"log    {connection.server.log}\n"
            f"socket {connection.server.socket_dir}"
        )
        if not running:
            sys.exit(NOT_RUNNING)

    def psql(self, connection: DatabaseWrapper, arguments: list[str]) -> None:
        connection.ensure_connection()
        command, _ = connection.client.settings_to_cmd_args_env(connection.settings_dict, arguments)
        os.execv(command[0], command)
