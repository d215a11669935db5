"""What each million order lines and each activity of a night need: the figures of docs/capacity.md.

Orders are generated and loaded, a model is trained, and each client's activity is regenerated twice,
as in two nights: the second one's rows are what each night adds. CPU seconds are those of the one
process that does the step, and apart from them those of its session in PostgreSQL, which is to run on
this machine.
"""

import argparse
import json
from typing import Any

import psutil

# Importing that sets Django up, which the models below need.
from benchmarks.own_database import own_database

# isort: split
from django.db import connection

from activities.filing import file_for_clients
from activities.models import Activity
from activities.runs import start_run, work_on_next
from activities.selection import Selection
from benchmarks.demo_orders import LINES_A_CLIENT, fill, train_and_promote
from benchmarks.measure import Measured, peak_megabytes
from recommender import artifacts
from recommender.models import ModelVersion

HISTORY = ("recommender_order", "recommender_orderline")
ACTIVITIES = ("activities_activity", "activities_activityevent", "recommender_suggestedline", "activities_reviewitem")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=300_000, help="order lines, about; default: 300,000")
    arguments = parser.parse_args()
    with own_database() as database:
        lines = fill(database, arguments.lines)
        history_bytes = bytes_of(HISTORY)
        figures = {
            "lines": lines,
            "history_mb_a_million_lines": round(history_bytes / lines, 1),
            **database.run_apart(training, lines),
            **database.run_apart(two_nights),
        }
    print(f"{lines:,} order lines, {lines // LINES_A_CLIENT:,} clients")
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):40} {value:>12,}")
    print(json.dumps(figures))


def training(lines: int) -> dict[str, float]:
    with Measured() as took:
        train_and_promote()
    version = ModelVersion.objects.get()
    folder = artifacts.verify(version.artifact, version.sha256)
    return {
        "training_cpu_s_a_million_lines": round(took.cpu / lines * 1e6, 1),
        "training_peak_mb": round(peak_megabytes()),
        "model_mb": round(sum(path.stat().st_size for path in folder.iterdir()) / 1e6, 1),
    }


def two_nights() -> dict[str, Any]:
    file_for_clients(Activity.Type.RECOMMENDATION, None, None)
    night()
    first = bytes_of(ACTIVITIES)
    wall, cpu, of_database = night()
    count = Activity.objects.count()
    return {
        "activities": count,
        "ms_an_activity": round(wall / count * 1e3, 1),
        "cpu_ms_an_activity": round(cpu / count * 1e3, 1),
        "database_cpu_ms_an_activity": round(of_database / count * 1e3, 1),
        "regeneration_peak_mb": round(peak_megabytes()),
        "kb_an_activity": round(first / count / 1e3, 1),
        "kb_a_night_and_activity": round((bytes_of(ACTIVITIES) - first) / count / 1e3, 1),
    }


def night() -> tuple[float, float, float]:
    """Seconds of regenerating all activities: on the clock, of this process, of its session in PostgreSQL."""
    run = start_run(Selection())
    session = session_process()
    before = sum(session.cpu_times()[:2])
    with Measured() as took:
        while work_on_next(run) is not None:
            pass
    if run.figures()["completed"] != run.total:
        raise RuntimeError(f"Not all activities were completed: {run.figures()}.")
    return took.wall, took.cpu, sum(session.cpu_times()[:2]) - before


def session_process() -> psutil.Process:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return psutil.Process(cursor.fetchone()[0])


def bytes_of(tables: tuple[str, ...]) -> int:
    """With their indexes, and without what dead rows take, which the next rows fill again."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM FULL {table}")
        cursor.execute(
            "SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(%s::text[]) AS name", [list(tables)]
        )
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    main()
