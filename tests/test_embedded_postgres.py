import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from subprocess import CompletedProcess

import psutil
import psycopg
import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from salesai.embedded_postgres import EmbeddedPostgres
from salesai.postgres_account import EmbeddedPostgresError
from tests.installation import ANSWER_SECONDS, kill_postmaster, manage, postmaster

PROJECT = Path(__file__).resolve().parent.parent


only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

MakeServer = Callable[[Path], EmbeddedPostgres]


@pytest.fixture
def make_server() -> Iterator[MakeServer]:
    servers = []

    def make(folder: Path) -> EmbeddedPostgres:
        servers.append(EmbeddedPostgres(folder))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One for many tests, each of which leaves it in a state that `start` must cope with."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("shared") / "postgres")
    yield server
    server.stop()


def ask(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(**server.connection_parameters, autocommit=True) as connection:
        return connection.execute(query).fetchone()[0]


def store(server: EmbeddedPostgres, statement: str) -> None:
    with psycopg.connect(**server.connection_parameters) as connection:
        connection.execute(statement)


def test_it_works_in_a_long_path_with_spaces(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server(tmp_path / "some 'quoted' $HOME folder" / ("deep " * 20).strip())

    server.start()
    server.create_database("sales")

    assert server.is_running()
    assert ask(server, "SELECT datname FROM pg_database WHERE datname = 'sales'") == "sales"
    assert ask(server, "SELECT lower('ÄÖ')") == "äö"
    assert ask(server, "SHOW fsync") == "on"
    assert ask(server, "SHOW listen_addresses") == ""
    assert server.data.stat().st_mode & 0o777 == 0o700
    assert server.socket_dir.stat().st_mode & 0o777 == 0o700


def test_what_was_stored_is_there_after_stop_and_start(server: EmbeddedPostgres) -> None:
    server.start()
    store(server, "CREATE TABLE stored AS SELECT 7 AS quantity")

    server.stop()
    assert not server.is_running()
    server.start()

    assert ask(server, "SELECT quantity FROM stored") == 7


def test_processes_that_start_at_once_share_one_server(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server(tmp_path / "postgres")
    start = (
        "import sys; from pathlib import Path; from salesai.embedded_postgres import EmbeddedPostgres; "
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.start(); print(server._postmaster().pid)"
    )
    command = [sys.executable, "-c", start, str(server.folder)]
    starters = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) for _ in range(5)]

    # Each answer ends: the server holds none of its starters' pipes open.
    answers = {starter.communicate(timeout=ANSWER_SECONDS)[0] for starter in starters}

    assert answers == {f"{postmaster(server).pid}\n".encode()}


def test_a_server_killed_under_a_busy_client_is_repaired_by_the_next_start(server: EmbeddedPostgres) -> None:
    server.start()
    store(server, "CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id")
    client = psycopg.connect(**server.connection_parameters)
    client.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 100000000000)")
    orphan = psutil.Process(client.info.backend_pid)

    kill_postmaster(server)
    server.start()

    assert ask(server, "SELECT count(*) FROM orders") == 1000
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_a_stranger_with_the_process_id_of_a_killed_server_is_left_alone(server: EmbeddedPostgres) -> None:
    server.start()
    # Of the same user as the server: PostgreSQL alone would take it for a running server.
    stranger = subprocess.Popen(["sleep", "60"], user=postmaster(server).uids().real)
    kill_postmaster(server)
    lines = (server.data / "postmaster.pid").read_text().splitlines()
    (server.data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]))

    assert not server.is_running()
    server.start()

    assert ask(server, "SELECT 1") == 1
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_server_whose_socket_was_cleared_away_is_reached_again(server: EmbeddedPostgres) -> None:
    server.start()
    (server.socket_dir / ".s.PGSQL.5432").unlink()

    server.start()

    assert ask(server, "SELECT 1") == 1


def test_a_server_that_does_not_start_shows_the_end_of_its_log(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server(tmp_path / "postgres")
    server.start()
    server.stop()
    with (server.data / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = on\n")

    with pytest.raises(EmbeddedPostgresError, match='unrecognized configuration parameter "no_such_setting"'):
        server.start()


@only_root
def test_root_runs_it_as_an_unprivileged_user_below_a_folder_closed_to_that_user(server: EmbeddedPostgres) -> None:
    server.folder.parent.chmod(0o700)

    server.start()

    assert pwd.getpwuid(postmaster(server).uids().effective).pw_name == "nobody"


@only_root
def test_root_carries_on_what_another_user_began(make_server: MakeServer, tmp_path: Path) -> None:
    owner = pwd.getpwnam("daemon")
    folder = tmp_path / "postgres"
    folder.mkdir(mode=0o700)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    server = make_server(folder)

    server.start()

    assert postmaster(server).uids().effective == owner.pw_uid
    assert server.data.stat().st_uid == owner.pw_uid


@only_root
def test_another_user_is_told_that_the_server_is_not_theirs(server: EmbeddedPostgres) -> None:
    stranger = pwd.getpwnam("daemon").pw_uid

    with (
        ProcessPoolExecutor(1, mp_context=get_context("fork"), initializer=os.setuid, initargs=[stranger]) as their,
        pytest.raises(EmbeddedPostgresError, match="set SALESAI_DATA_DIR to a folder of your own"),
    ):
        their.submit(server.start).result(ANSWER_SECONDS)


@pytest.fixture
def embedded_connection(tmp_path: Path, settings, django_db_blocker, monkeypatch) -> Iterator[BaseDatabaseWrapper]:
    """Django's connection to a database that nobody has made, on a server that nobody has started."""
    settings.DATA_DIR = tmp_path
    kept = {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    database = {"ENGINE": "salesai.embedded_backend", "NAME": "sales", **kept}
    databases = connections.configure_settings({"default": {}, "embedded": database})
    monkeypatch.setitem(connections.settings, "embedded", databases["embedded"])
    with django_db_blocker.unblock():
        yield connections["embedded"]
        connections["embedded"].close()
    del connections["embedded"]


def test_django_starts_the_server_when_it_connects_and_again_when_it_is_gone(
    make_server: MakeServer, tmp_path: Path, embedded_connection: BaseDatabaseWrapper
) -> None:
    server = make_server(tmp_path / "postgres")
    assert not server.folder.exists()

    with embedded_connection.cursor() as cursor:
        cursor.execute("CREATE TABLE orders AS SELECT 7 AS quantity")
    embedded_connection.close()
    kill_postmaster(server)
    with embedded_connection.cursor() as cursor:
        cursor.execute("SELECT quantity, current_database() FROM orders")
        answer = cursor.fetchone()

    assert answer == (7, "sales")


def embedded_db(folder: Path, *arguments: str) -> CompletedProcess[str]:
    return manage("embedded_db", *arguments, SALESAI_DATA_DIR=str(folder))


def test_the_command_line_starts_the_server_asks_it_and_stops_it(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server(tmp_path / "postgres")

    started = embedded_db(tmp_path, "start")
    was_running = server.is_running()
    asked = embedded_db(tmp_path, "psql", "-c", "SELECT current_database() AS name")
    stopped = embedded_db(tmp_path, "stop")

    assert (started.returncode, was_running) == (0, True), started.stderr
    assert asked.stdout.split() == ["name", "---------", "salesai", "(1", "row)"], asked.stderr
    assert (stopped.stdout, server.is_running()) == ("stopped\n", False), stopped.stderr
    assert embedded_db(tmp_path, "status").returncode == 3
