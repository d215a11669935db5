"""A Sales AI of its own, for tests that kill its processes."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
from django.conf import settings

from salesai.embedded_postgres import EmbeddedPostgres

ANSWER_SECONDS = 180  # for a busy machine: nothing is judged by it


def postmaster(server: EmbeddedPostgres) -> psutil.Process:
    return psutil.Process(int((server.data / "postmaster.pid").read_text().splitlines()[0]))


def kill_postmaster(server: EmbeddedPostgres) -> None:
    """Kill the server's first process alone, and wait until it is dead: reaped or still a zombie."""
    pid = postmaster(server).pid
    end = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    select.select([end], [], [], ANSWER_SECONDS)
    os.close(end)


def manage(*arguments: str, cwd: Path = settings.BASE_DIR, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing set in its environment but that."""
    return subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | environment,
        capture_output=True,
        text=True,
    )


class Installation:
    """A Sales AI of its own, with its own database, reached by its commands alone."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.postgres = EmbeddedPostgres(folder / "postgres")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SALESAI_DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "salesai.settings",
            "LOG_LEVEL": "CRITICAL",
            "SCHEDULE_TRAINING": "",
            "SCHEDULE_REGENERATION": "",
            "SCHEDULE_CLEANING": "",
        }

    def start(self, *command: str, **environment: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=settings.BASE_DIR,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def manage(self, *arguments: str, **environment: str) -> str:
        process = self.start("manage.py", *arguments, **environment)
        said = process.communicate()[0]
        assert process.returncode == 0, said
        return said

    def connect(self, database: str = "salesai") -> psycopg.Connection:
        return psycopg.connect(**self.postgres.connection_parameters | {"dbname": database})

    def ask(self, query: str, database: str = "salesai") -> list[tuple]:
        with self.connect(database) as connection:
            return connection.execute(query).fetchall()

    def ask_patiently(self, query: str) -> list[tuple]:
        """As `ask`, of a server that may have been killed: it is started again."""
        self.postgres.start()
        return self.ask(query)

    def active(self) -> list[tuple]:
        return self.ask("SELECT number, traffic_share FROM recommender_modelversion WHERE status = 'active'")

    def folders(self) -> set[str]:
        return {path.name for path in (self.folder / "models").iterdir()}


def wait_for(condition: Callable[[], bool], seconds: float = ANSWER_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
