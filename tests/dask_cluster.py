"""A Dask cluster as docs/many-machines.md sets one up, its machines being processes that meet over TCP."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from tests.installation import Installation, wait_for
from tests.service import free_port

NO_PAGES = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")


class DaskCluster:
    """A scheduler and workers of one thread each, on the installation's database and models."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.installation, self.folder = installation, folder
        self.workers: list[Popen] = []
        port = free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = installation.start(
            "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", str(port), *NO_PAGES
        )
        wait_for(lambda: answers(port))

    def add_worker(self) -> None:
        self.workers.append(
            self.installation.start(
                "-m", "dask", "worker", self.address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", *NO_PAGES,
                "--local-directory", str(self.folder),
            )
        )  # fmt: skip

    def kill(self) -> None:
        for process in (self.scheduler, *self.workers):
            process.kill()
            process.wait()


@contextmanager
def running_cluster(installation: Installation, folder: Path, workers: int = 2) -> Iterator[DaskCluster]:
    cluster = DaskCluster(installation, folder)
    try:
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.kill()


def answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
