"""Bulk regeneration: milliseconds an activity, beside the engine alone and beside `generate` in a loop.

Chunk by chunk in turns, on the same activities: the chunk as `regenerate_activities` does it, with
reading and storing; the engine's `score` (candidates, features, ranking) alone on a history that is
in memory; and `generate` for a few of them, one by one. Medians over chunks, of time on the clock.
Each size runs in a process of its own on activities of its own, so that its peak memory is its own.
Of a large run some chunks are done, spread evenly over it; the others wait in the table. With `--nights`
each size is measured again where so many nights have left their lines behind.
"""

import argparse
import json
from functools import partial
from statistics import median

import numpy as np
from tqdm import tqdm, trange

# Importing that sets Django up, which the models below need.
from benchmarks.own_database import own_database

# isort: split
from django.db import connection

from activities.filing import file_for_clients
from activities.generation import READ, generate, requests_for
from activities.models import Activity, RegenerationChunk
from activities.runs import start_run, work_on
from activities.selection import Selection
from benchmarks.demo_orders import LINES_A_CLIENT, fill, train_and_promote
from benchmarks.measure import peak_megabytes, seconds_of
from recommender import registry
from recommender.client_groups import attributes_of
from recommender.engine.scoring import score
from recommender.models import Client, SuggestedLine
from recommender.moments import day_of
from recommender.request_history import as_of, history_of_requests

COLUMNS = (
    "activities",
    "nights",
    "done",
    "per_second",
    "bulk_ms",
    "engine_ms",
    "single_ms",
    "bulk_to_engine",
    "single_to_bulk",
    "peak_mb",
)

NIGHTS_BEFORE = f"""
    INSERT INTO {SuggestedLine._meta.db_table}
        (activity, client, product, rep, rank, confidence, quantity, suggested_at, superseded, outcome)
    SELECT activity.id, client, 'P' || rank, rep, rank, 0.5, 1, now() - night * interval '1 day', true, 'open'
    FROM generate_series(%s, 1, -1) AS night, {Activity._meta.db_table} AS activity, generate_series(1, 10) AS rank"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 4000], help="activities; default: 1000 4000")
    parser.add_argument(
        "--clients", type=int, default=1000, help=f"with about {LINES_A_CLIENT} order lines each; default: 1000"
    )
    parser.add_argument("--chunk", type=int, default=250, help="activities of a chunk; default: 250")
    parser.add_argument("--chunks", type=int, default=40, help="of each run that are done at most; default: 40")
    parser.add_argument("--singles", type=int, default=10, help="of each chunk, generated one by one; default: 10")
    parser.add_argument("--nights", type=int, default=0, help="that have made each activity anew before; default: 0")
    arguments = parser.parse_args()
    with own_database() as database:
        fill(database, arguments.clients * LINES_A_CLIENT)
        database.run_apart(train_and_promote)
        sizes = [
            database.run_apart(measure, size, nights, arguments.chunk, arguments.chunks, arguments.singles)
            for nights in sorted({0, arguments.nights})
            for size in sorted(arguments.sizes)
        ]
    print(" ".join(f"{name:>14}" for name in COLUMNS))
    for figures in sizes:
        print(" ".join(f"{figures[name]:14,.2f}" for name in COLUMNS))
    first, last = sizes[0]["bulk_ms"], sizes[-1]["bulk_ms"]
    print(json.dumps({"chunk": arguments.chunk, "sizes": sizes, "cost_of_last_to_first": round(last / first, 3)}))


def measure(size: int, nights: int, chunk_size: int, at_most: int, singles: int) -> dict[str, float]:
    """The figures of one size, named as COLUMNS."""
    file_activities(size)
    with connection.cursor() as cursor:
        cursor.execute(NIGHTS_BEFORE, [nights])
        cursor.execute(f"VACUUM ANALYZE {SuggestedLine._meta.db_table}")
    run = start_run(Selection(), anew=True, chunk_size=chunk_size)
    bulk, engine, single, done = [], [], [], 0
    chunks = list(run.chunks.order_by("pk"))
    for chunk in tqdm(chunks[:: -(-len(chunks) // at_most)], unit="chunk", disable=None):
        activities = list(
            Activity.objects.filter(id__gte=chunk.first_id, id__lte=chunk.last_id).order_by("id").only(*READ)
        )
        engine.append(seconds_of_engine(activities) / len(activities))
        bulk.append(seconds_of(partial(work_on, chunk.pk)) / len(activities))
        for activity in activities[:singles]:
            single.append(seconds_of(partial(generate, activity.id)))
        done += RegenerationChunk.objects.get(pk=chunk.pk).completed
    bulk_ms, engine_ms, single_ms = (round(median(times) * 1000, 3) for times in (bulk, engine, single))
    return {
        "activities": size,
        "nights": nights,
        "done": done,
        "per_second": round(1000 / bulk_ms, 1),
        "bulk_ms": bulk_ms,
        "engine_ms": engine_ms,
        "single_ms": single_ms,
        "bulk_to_engine": round(bulk_ms / engine_ms, 2),
        "single_to_bulk": round(single_ms / bulk_ms, 2),
        "peak_mb": round(peak_megabytes(), 1),
    }


def file_activities(size: int) -> None:
    """So many activities and no others; clients have one each, or some more where there are fewer clients."""
    Activity.objects.all().delete()
    clients = list(Client.objects.filter(orders__isnull=False).distinct().values_list("external_id", flat=True))
    waiting = Activity.objects.filter(status=Activity.Status.PROCESSING)
    for first in trange(0, size, len(clients), desc="Filing", unit="batch", disable=None):
        file_for_clients(Activity.Type.RECOMMENDATION, clients[: size - first], None)
        waiting.update(status=Activity.Status.FAILED)  # what waits already is not filed again


def seconds_of_engine(activities: list[Activity]) -> float:
    """Candidates, features and ranking of the activities' clients, all that they are made from being in memory."""
    requests = requests_for(activities)
    model = registry.load(registry.active_versions()[0])
    history, _ = history_of_requests(requests, model.knowledge.products)
    now = np.array([day_of(as_of(request)) for request in requests])
    attributes = attributes_of([request.client for request in requests])
    return seconds_of(lambda: score(model, history, now, attributes).next_order)


if __name__ == "__main__":
    main()
