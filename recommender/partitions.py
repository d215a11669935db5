"""One function over many shards of the work: here, in processes of this machine, or on a Dask cluster.

The function travels by its name and is imported where it runs, so every machine of a cluster has the
same program installed, reaches the same database and the same models, and reads its own shard there.
Shards and results are plain data: numbers, text, arrays, classes of the engine.
"""

import asyncio
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, Any

import django
from django.apps import apps
from django.db import connections

from recommender.errors import ClusterError

if TYPE_CHECKING:
    from distributed import Client, Future

PATIENCE_SECONDS = 30  # for a scheduler to answer, and for a worker to be there
TRIES_AGAIN = 2  # of a shard that failed; one whose worker died is given to another besides


@dataclass(frozen=True, slots=True)
class Spread:
    """Where shards are done: in `processes` of this machine, or by the Dask scheduler at the address `cluster`.

    One process is this one, which costs nothing to start.
    """

    processes: int = 1
    cluster: str | None = None

    @property
    def is_here(self) -> bool:
        return self.cluster is None and self.processes == 1


HERE = Spread()


def map_partitions(function: Callable[[Any], Any], shards: Sequence[Any], spread: Spread = HERE) -> Iterator[Any]:
    """The results in the order of the shards, each as soon as it and those before it are there.

    A shard may be done twice where a machine dies, so the function must bear that.

    Args:
        function: of one shard, at the top of a module.

    Raises:
        ClusterError: nobody is there to work, or workers died over a shard again and again.
        Exception: whatever the function raises.
    """
    if spread.is_here:
        return map(function, shards)
    task = partial(perform, f"{function.__module__}:{function.__qualname__}")
    if spread.cluster is None:
        return in_processes(task, shards, spread.processes)
    return on_cluster(task, shards, spread.cluster)


def in_processes(task: partial, shards: Sequence[Any], processes: int) -> Iterator[Any]:
    # Spawned: threads of OpenMP and of the connection pool do not outlive a fork.
    with ProcessPoolExecutor(min(processes, len(shards) or 1), get_context("spawn"), begin_process) as pool:
        try:
            yield from pool.map(task, shards)
        except BrokenProcessPool as error:
            raise ClusterError("A process died over its share of the work; is there too little memory?") from error


def begin_process() -> None:
    # Ctrl-C goes to all of them: the first process says that it was interrupted, and they need not.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """A pool whose process was killed would wait for its next shard for ever."""
    parent_process().join()
    os._exit(1)


def on_cluster(task: partial, shards: Sequence[Any], address: str) -> Iterator[Any]:
    with client_of(address) as client:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm import CommClosedError

        futures = deque(client.map(task, shards, pure=False, retries=TRIES_AGAIN))
        while futures:
            try:
                yield result_of(futures.popleft(), client)
            except KilledWorker as error:
                raise ClusterError(f"Workers of {address} died over one share of the work again and again.") from error
            except (FutureCancelledError, CommClosedError) as error:
                raise ClusterError(f"The scheduler at {address} is gone.") from error


def result_of(future: "Future", client: "Client") -> Any:
    """Raises ClusterError where no worker is left that could do it."""
    while True:
        try:
            return future.result(timeout=PATIENCE_SECONDS)
        except TimeoutError as error:
            if future.done():
                raise
            if not client.scheduler_info()["workers"]:
                raise ClusterError(f"No worker is left at {client.scheduler.address}.") from error


def client_of(address: str) -> "Client":
    """Raises ClusterError where nobody is there to work."""
    try:
        from distributed import Client, Security
    except ImportError as error:
        raise ClusterError("A cluster needs Dask: pip install -r requirements-dask.txt") from error
    connection = Security().get_connection_args("client")
    if address.startswith("tls:") and not connection["ssl_context"]:
        raise ClusterError(f"{address} asks for certificates: set DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT etc.")
    try:
        # First: a Client that cannot connect leaves its thread behind, and a lock that a later one may wait for.
        asyncio.run(reach(address, connection))
        client = Client(address, timeout=PATIENCE_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(f"No Dask scheduler answers at {address}: {error}") from error
    try:
        client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
    except TimeoutError as error:
        client.close()
        raise ClusterError(f"No worker has joined the scheduler at {address}.") from error
    return client


async def reach(address: str, connection: dict[str, Any]) -> None:
    """Raises OSError where nobody answers, ValueError where that is no address."""
    from distributed.comm import connect

    answering = await connect(address, timeout=PATIENCE_SECONDS, **connection)
    await answering.close()


def perform(function: str, shard: Any) -> Any:
    """Do a shard in whatever process this is, leaving no connection of its thread behind.

    Args:
        function: "module:name".
    """
    if not apps.ready:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesai.settings")
        django.setup()
    module, name = function.split(":")
    try:
        return getattr(import_module(module), name)(shard)
    finally:
        connections.close_all()
