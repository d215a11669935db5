"""A Dask cluster as docs/many-machines.md sets one up, its machines being processes that meet over TCP."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from tests.installation import Installation, wait_for


@dataclass(frozen=True)
class DaskCluster:
    """Where its scheduler listens, and its workers."""

    address: str
    workers: list[Popen]


@contextmanager
def running_cluster(installation: Installation, folder: Path, workers: int = 2) -> Iterator[DaskCluster]:
    """A scheduler and workers of one thread each, on the installation's database and models."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    running = [
        installation.start("-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    ]
    try:
        wait_for(lambda: answers(port))
        running += [start_worker(installation, address, folder) for _ in range(workers)]
        yield DaskCluster(address, running[1:])
    finally:
        for process in running:
            process.kill()
            process.communicate()


def start_worker(installation: Installation, address: str, folder: Path) -> Popen:
    return installation.start(
        "-m", "dask", "worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", folder
    )


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
