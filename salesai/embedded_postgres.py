"""The embedded PostgreSQL: one server that all processes of a development installation share.

It starts when it is first needed, outlives the process that started it, and is ended by `stop`
alone. A killed server is found dead by the next `start`, which repairs and restarts it; PostgreSQL
itself loses nothing that was committed. It listens on a Unix socket in a folder of its own user.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from salesai.postgres_account import EmbeddedPostgresError, ServerAccount

PORT = 5432  # names the socket's file; nothing listens on the network
USER = "postgres"
MAX_CONNECTIONS = 200
PATIENCE_SECONDS = 120  # for a slow disk to recover, or clients to be cut off
LOG_TAIL_LINES = 15
INITDB_OPTIONS = [
    f"--username={USER}",
    "--auth=trust",  # whoever reaches the socket's folder is the owner or root
    "--encoding=UTF8",
    # Upper and lower case are right beyond ASCII whatever locales the system has.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-locale",
]


class EmbeddedPostgres:
    """The server whose files are in `folder`: its data, its log and the lock of its lifecycle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        # A socket's path may have 107 bytes at most, whatever the project's path has.
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        self.socket_dir = Path("/tmp") / f"salesai-postgres-{digest}"

    def is_running(self) -> bool:
        """Whether the server takes connections. Cheap enough to ask before each of them."""
        socket = self.socket_dir / f".s.PGSQL.{PORT}"
        return self._state() == "ready" and socket.is_socket() and self._postmaster() is not None

    def start(self) -> None:
        """Have the server running, whatever its state; many processes may ask at once.

        Raises:
            EmbeddedPostgresError: the folder is another user's, or the server does not start;
                the message has the end of its log.
        """
        if self.is_running():
            return
        with self._locked() as (account, lock):
            if self.is_running():
                return
            if not self.data.exists():
                self._initialise(account, lock)
            self._end_what_is_left(account)
            self._launch(account)

    def stop(self) -> None:
        """End the server, cutting off its clients; it is no error if it does not run."""
        with self._locked() as (account, _):
            self._end_what_is_left(account)
            shutil.rmtree(self.socket_dir, ignore_errors=True)

    def create_database(self, name: str) -> None:
        """Create a database on the running server unless it is there."""
        with self._locked(), psycopg.connect(**self.connection_parameters, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    @property
    def connection_parameters(self) -> dict[str, str | int]:
        """What libpq needs to reach the maintenance database."""
        return {"host": str(self.socket_dir), "port": PORT, "user": USER, "dbname": "postgres"}

    @contextmanager
    def _locked(self) -> Iterator[tuple[ServerAccount, int]]:
        """Hold the lifecycle for this process alone; the kernel frees it when the process dies."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            account = ServerAccount.for_folder(self.folder)
            account.take(self.folder)
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except PermissionError as error:
            raise self._out_of_reach() from error
        try:
            account.take(self.folder / "lock")
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield account, lock
        finally:
            os.close(lock)

    def _initialise(self, account: ServerAccount, lock: int) -> None:
        """Make the data folder, whole or not at all."""
        draft = self.folder / "data.new"
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        account.take(draft)
        # The lock goes along: should this process be killed, the next one waits for initdb's end.
        done = self._run(account, "initdb", *INITDB_OPTIONS, cwd=draft, pass_fds=[lock], capture_output=True)
        if done.returncode:
            raise EmbeddedPostgresError(f"initdb failed in {draft}:\n{done.stdout}{done.stderr}")
        draft.rename(self.data)

    def _launch(self, account: ServerAccount) -> None:
        self._make_socket_dir(account)
        options = f"-c listen_addresses='' -c max_connections={MAX_CONNECTIONS} -p {PORT} -k {self.socket_dir}"
        done = self._pg_ctl(account, "start", "-o", options)
        if done.returncode or not self.is_running():
            raise EmbeddedPostgresError(
                f"The embedded PostgreSQL does not start; the end of {self.log}:\n{self._log_tail()}"
            )

    def _make_socket_dir(self, account: ServerAccount) -> None:
        """Made anew each time, so that it is never a folder that someone else has put there."""
        try:
            if self.socket_dir.exists():
                shutil.rmtree(self.socket_dir)
            self.socket_dir.mkdir(mode=0o700)
        except OSError as error:
            raise EmbeddedPostgresError(
                f"{self.socket_dir} is in the way; have its owner remove it: {error}"
            ) from error
        account.take(self.socket_dir)

    def _end_what_is_left(self, account: ServerAccount) -> None:
        """End every process that still works on the data, and forget a server that was killed.

        PostgreSQL would not start beside processes that outlived their killed postmaster, nor
        where postmaster.pid names a process: a zombie, or a stranger that has the number now.
        """
        if self._postmaster() is not None:
            self._pg_ctl(account, "stop", "-m", "fast")
        orphans = [process for process in psutil.process_iter() if self._works_here(process)]
        for orphan in orphans:
            orphan.terminate()
        for orphan in psutil.wait_procs(orphans, timeout=5)[1]:
            orphan.kill()
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _pg_ctl(self, account: ServerAccount, action: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Start or stop and wait until that is done; what is printed goes to the log."""
        if action == "start" and self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        # The server keeps this file open instead of the caller's output, which it would hold up.
        with self.log.open("a") as log:
            wait = ["-s", "-w", "-t", str(PATIENCE_SECONDS)]
            return self._run(account, "pg_ctl", action, *wait, *options, cwd=self.data, stdout=log, stderr=log)

    def _run(
        self, account: ServerAccount, program: str, *arguments: str, cwd: Path, **options: object
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of PostgreSQL in the data folder `cwd`.

        The folder is named as the working directory and not by its path: so the path needs no
        quoting, and its parents may be closed to the account, as root's home is.
        """
        here = "." if account.is_caller else "/proc/self/cwd"
        return account.run([account.binaries() / program, "-D", here, *arguments], cwd=cwd, **options)

    def _pid_file_lines(self) -> list[str]:
        """postmaster.pid: the process id is in its first line, the server's state in its eighth."""
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []
        except PermissionError as error:
            raise self._out_of_reach() from error

    def _state(self) -> str:
        return "".join(self._pid_file_lines()[7:8]).strip()

    def _postmaster(self) -> psutil.Process | None:
        """The server's first process if it lives; the one postmaster.pid names may be another by now."""
        try:
            process = psutil.Process(int(self._pid_file_lines()[0]))
        except (IndexError, ValueError, psutil.Error):
            return None
        return process if self._works_here(process) else None

    def _works_here(self, process: psutil.Process) -> bool:
        """Whether it is a server process on this data; a zombie is none."""
        try:
            return process.name() == "postgres" and Path(process.cwd()).samefile(self.data)
        except (OSError, psutil.Error):
            return False

    def _out_of_reach(self) -> EmbeddedPostgresError:
        return EmbeddedPostgresError(
            f"{self.folder} is closed to you (user {os.geteuid()}): "
            "set SALESAI_DATA_DIR to a folder of your own, or DATABASE_URL to a server."
        )

    def _log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
