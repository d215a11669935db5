"""A backup as docs/operating.md makes it, and what is restored from it."""

import subprocess
from pathlib import Path

from psycopg.conninfo import make_conninfo

from salesai.postgres_account import installed_binaries
from tests.installation import Installation
from tests.service import database_url

COUNTS = """
    SELECT (SELECT count(*) FROM recommender_orderline), (SELECT count(*) FROM recommender_modelversion),
        (SELECT count(*) FROM activities_reviewrule), (SELECT count(*) FROM django_migrations)"""
GENERATED = "SELECT DISTINCT status FROM activities_activity WHERE client = 'C0001' AND activity_type = 'upsell'"


def run(program: str, *arguments: str) -> None:
    done = subprocess.run([installed_binaries() / program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_restored_into_an_empty_database_can_be_worked_with(installation: Installation, tmp_path: Path) -> None:
    server, dump = installation.postgres.connection_parameters, str(tmp_path / "salesai.dump")
    former, restored = (make_conninfo(**server | {"dbname": name}) for name in ("salesai", "restored"))
    there = {"HOST": server["host"], "PORT": server["port"], "USER": server["user"], "PASSWORD": "", "NAME": "restored"}
    on_restored = {"DATABASE_URL": database_url(there)}
    before = installation.ask_patiently(COUNTS)

    run("pg_dump", "--format", "custom", "--file", dump, former)
    run("createdb", "--host", server["host"], "--port", str(server["port"]), "--username", server["user"], "restored")
    run("pg_restore", "--exit-on-error", "--no-owner", "--dbname", restored, dump)
    installation.manage("create_activities", "--type", "upsell", "--clients", "C0001", **on_restored)
    installation.manage("regenerate_activities", "--type", "upsell", "--client", "C0001", **on_restored)

    assert installation.ask(COUNTS, "restored") == before
    assert installation.ask(GENERATED, "restored") == [("completed",)]
