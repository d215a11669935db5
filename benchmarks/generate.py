"""`POST …/generate` over HTTP, beside the CPU time of the engine's call alone, and of its scoring.

To a gunicorn with the project's configuration, on a database of the benchmark's own, every activity
of another client. One caller first, in turns with the engine in this process: `suggest`, as the
service calls it, and `score` (candidates, features and ranking, the history being in memory); then
16 callers at once.
"""

import argparse
import json
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.own_database import own_database

# isort: split
from django.db import connection

from activities.filing import file_for_clients
from activities.generation import inputs_of
from activities.models import Activity, ApiKey
from benchmarks.demo_orders import LINES_A_CLIENT, fill, train_and_promote
from benchmarks.load import Load, call
from benchmarks.measure import Measured
from recommender import registry
from recommender.client_groups import attributes_of
from recommender.engine.scoring import score
from recommender.moments import day_of
from recommender.request_history import as_of, history_of_requests
from recommender.suggestions import suggest
from tests.service import database_url, running_service

API = "/activity-ai-sales-order"
CALLERS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--clients", type=int, default=300, help=f"with about {LINES_A_CLIENT} order lines each; default: 300"
    )
    parser.add_argument("--rounds", type=int, default=5, help="of one caller and of the engine; default: 5")
    parser.add_argument("--seconds", type=float, default=4, help="of each round of calls; default: 4")
    arguments = parser.parse_args()
    with own_database() as database:
        fill(database, arguments.clients * LINES_A_CLIENT)
        database.run_apart(train_and_promote)
        file_for_clients(Activity.Type.RECOMMENDATION, None, None)
        figures = measured(Path(database.models).parent, arguments.rounds, arguments.seconds)
    print(f"{'ms':24}{'p50':>8}{'p95':>8}{'p99':>8}{'a second':>10}")
    for name in ("one_caller", "callers_at_once"):
        row = figures[name]
        print(
            f"{name.replace('_', ' '):24}{row['p50']:8.1f}{row['p95']:8.1f}{row['p99']:8.1f}{row['per_second']:10.1f}"
        )
    for name, ratio in (("engine", "ratio"), ("scoring", "ratio_to_scoring")):
        print(f"{f'{name} alone, CPU':24}{figures[f'{name}_cpu_ms']:8.1f}     p50 of one caller x {figures[ratio]:.2f}")
    print(json.dumps(figures))


def measured(data_folder: Path, rounds: int, seconds: float) -> dict:
    activities = list(Activity.objects.order_by("id"))
    paths = [f"{API}/{activity.pk}/generate" for activity in activities]
    _, token = ApiKey.issue("benchmark")
    url = database_url(connection.settings_dict)
    with running_service(url, SALESAI_DATA_DIR=str(data_folder)) as service:
        headers = {"api-key": token, "Content-Type": "application/json"}
        call(service, paths, headers, CALLERS, seconds, "POST")  # each process has loaded the model
        singles, engine, scoring = [], [], []
        for number in range(rounds):
            singles.append(call(service, paths, headers, 1, seconds, "POST"))
            engine += [cpu_of_engine(activity) for activity in activities[number::rounds]]
            scoring += [cpu_of_scoring(activity) for activity in activities[number::rounds]]
        many = call(service, paths, headers, CALLERS, 2 * seconds, "POST")
    one = Load(median(load.per_second for load in singles), [each for load in singles for each in load.seconds])
    p50 = median(load.percentile(50) for load in singles) * 1000
    return {
        "clients": len(activities),
        "callers": CALLERS,
        "engine_cpu_ms": round(median(engine), 2),
        "scoring_cpu_ms": round(median(scoring), 2),
        "one_caller": row_of(one),
        "callers_at_once": row_of(many),
        "ratio": round(p50 / median(engine), 2),
        "ratio_to_scoring": round(p50 / median(scoring), 2),
    }


def row_of(load: Load) -> dict[str, float]:
    percentiles = {f"p{percent}": round(load.percentile(percent) * 1000, 1) for percent in (50, 95, 99)}
    return percentiles | {"per_second": round(load.per_second, 1)}


def cpu_of_engine(activity: Activity) -> float:
    """Milliseconds of `suggest`, which reads the history; what PostgreSQL takes is not in it."""
    request = inputs_of(activity)
    with Measured() as took:
        suggest([request])
    return took.cpu * 1000


def cpu_of_scoring(activity: Activity) -> float:
    """Milliseconds of candidates, features and ranking."""
    model = registry.load(registry.active_versions()[0])
    request = inputs_of(activity)
    history, _ = history_of_requests([request], model.knowledge.products)
    now, attributes = np.array([day_of(as_of(request))]), attributes_of([request.client])
    with Measured() as took:
        _ = score(model, history, now, attributes).next_order
    return took.cpu * 1000


if __name__ == "__main__":
    main()
