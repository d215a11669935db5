"""Shards of work are done where a spread says, and come back in their order."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from django.conf import settings

from recommender import partitions
from recommender.errors import ClusterError
from recommender.partitions import Spread, map_partitions
from tests.dask_cluster import running_cluster
from tests.service import PATIENCE_SECONDS, free_port


def square_slowly(shard: int) -> tuple[int, int]:
    """(the square, the process it was made in); the first shards take longest."""
    time.sleep(0.2 / shard)
    return shard**2, os.getpid()


def fail_at_three(shard: int) -> int:
    if shard == 3:
        raise ArithmeticError("three")
    return shard


def die(shard: int) -> None:
    os._exit(9)


def say_and_stay(shard: int) -> None:
    print(shard, flush=True)
    time.sleep(2 * PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def cluster(installation, tmp_path_factory):
    with running_cluster(installation, tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


def test_one_process_is_this_one():
    assert list(map_partitions(square_slowly, [1, 2, 3])) == [(1, os.getpid()), (4, os.getpid()), (9, os.getpid())]


def test_processes_share_the_shards_and_results_keep_their_order():
    squares, processes = zip(*map_partitions(square_slowly, range(1, 9), Spread(processes=2)), strict=True)

    assert squares == (1, 4, 9, 16, 25, 36, 49, 64)
    assert len(set(processes)) == 2
    assert os.getpid() not in processes


def test_workers_of_a_cluster_share_the_shards_and_results_keep_their_order(cluster):
    squares, processes = zip(*map_partitions(square_slowly, range(1, 9), Spread(cluster=cluster.address)), strict=True)

    assert squares == (1, 4, 9, 16, 25, 36, 49, 64)
    assert set(processes) == {worker.pid for worker in cluster.workers}


@pytest.mark.parametrize("where", ["processes", "cluster"])
def test_what_a_shard_raises_is_raised(cluster, where):
    spread = {"processes": Spread(processes=2), "cluster": Spread(cluster=cluster.address)}[where]

    with pytest.raises(ArithmeticError, match="three"):
        list(map_partitions(fail_at_three, range(6), spread))


def test_no_shards_are_no_results(cluster):
    assert list(map_partitions(square_slowly, [], Spread(processes=2))) == []
    assert list(map_partitions(square_slowly, [], Spread(cluster=cluster.address))) == []


def test_a_process_that_dies_is_told():
    with pytest.raises(ClusterError, match="died over its share"):
        list(map_partitions(die, [1, 2], Spread(processes=2)))


@pytest.mark.parametrize("death", [signal.SIGTERM, signal.SIGKILL])
def test_processes_end_with_the_one_that_has_started_them(death):
    program = (
        "from tests.recommender.test_partitions import Spread, map_partitions, say_and_stay\n"
        "list(map_partitions(say_and_stay, [1, 2], Spread(processes=2)))"
    )
    first = subprocess.Popen([sys.executable, "-c", program], cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True)
    shards = {first.stdout.readline(), first.stdout.readline()}

    first.send_signal(death)
    first.communicate(timeout=PATIENCE_SECONDS)  # it ends when nobody is left that could say something

    assert (shards, first.returncode) == ({"1\n", "2\n"}, -death)


def test_a_cluster_whose_workers_have_all_died_is_told(monkeypatch, installation, tmp_path):
    with running_cluster(installation, tmp_path, workers=1) as cluster:
        assert list(map_partitions(fail_at_three, [1], Spread(cluster=cluster.address))) == [1]
        monkeypatch.setattr(partitions, "PATIENCE_SECONDS", 2)

        with pytest.raises(ClusterError, match="No worker is left"):
            list(map_partitions(die, [1], Spread(cluster=cluster.address)))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{port}", "scheduler"])
def test_a_cluster_that_is_not_there_is_told(monkeypatch, address):
    monkeypatch.setattr(partitions, "PATIENCE_SECONDS", 1)
    address, before = address.format(port=free_port()), set(threading.enumerate())

    with pytest.raises(ClusterError, match=f"No Dask scheduler answers at {address}"):
        list(map_partitions(square_slowly, [1], Spread(cluster=address)))

    assert set(threading.enumerate()) <= before


def test_a_cluster_with_tls_asks_for_certificates():
    with pytest.raises(ClusterError, match="asks for certificates"):
        list(map_partitions(square_slowly, [1], Spread(cluster="tls://127.0.0.1:8786")))


def test_a_cluster_without_workers_is_told(monkeypatch, installation, tmp_path):
    monkeypatch.setattr(partitions, "PATIENCE_SECONDS", 1)
    with running_cluster(installation, tmp_path, workers=0) as idle, pytest.raises(ClusterError, match="No worker"):
        list(map_partitions(square_slowly, [1], Spread(cluster=idle.address)))
