"""A run whose chunks are shards of `map_partitions`: each machine reads its chunk's activities, and stores them."""

from collections.abc import Iterator

from activities.models import RegenerationRun
from activities.runs import settle, work_on
from recommender.partitions import Spread, map_partitions


def work_spread(run: RegenerationRun, spread: Spread) -> Iterator[int]:
    """Do the run to its end; of each chunk, how many activities it has done.

    A chunk that comes twice, because the machine that did it died before it could say so, is found done.

    Raises ClusterError, after which the run can be gone on with.
    """
    while run.is_running:
        settle(run)  # whoever did the last chunk may have died before saying so
        # What was locked by others, or came to nothing, waits again after the others.
        waiting = list(run.chunks.waiting().order_by("tries", "pk").values_list("pk", flat=True))
        yield from map_partitions(activities_done, waiting, spread)
        run.refresh_from_db()


def activities_done(chunk_id: int) -> int:
    chunk = work_on(chunk_id)
    return chunk.completed + chunk.failed
