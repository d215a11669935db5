"""Seconds from the start of gunicorn to its first answers, beside a bare handler's under the same gunicorn.

The service's first list and, when the model is in memory, its first generation; on a database of the
benchmark's own with a small history. In turns with the WSGI application of `bare_service`.
"""

import argparse
import json
import time
import urllib.request
from pathlib import Path
from statistics import median

from benchmarks.own_database import database_parameters, own_database

# isort: split
from django.db import connection
from tqdm import trange

from activities.filing import file_for_clients
from activities.models import Activity, ApiKey
from benchmarks.demo_orders import LINES_A_CLIENT, fill, train_and_promote
from tests.service import database_url, running_service

API = "/activity-ai-sales-order"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="starts of each; default: 7")
    parser.add_argument(
        "--clients", type=int, default=100, help=f"with about {LINES_A_CLIENT} order lines each; default: 100"
    )
    arguments = parser.parse_args()
    with own_database() as database:
        fill(database, arguments.clients * LINES_A_CLIENT)
        database.run_apart(train_and_promote)
        file_for_clients(Activity.Type.RECOMMENDATION, None, None)
        figures = measured(Path(database.models).parent, arguments.rounds)
    for name, seconds in figures.items():
        print(f"{name.replace('_', ' '):36}{seconds:8.2f}")
    print(json.dumps(figures))


def measured(data_folder: Path, rounds: int) -> dict[str, float]:
    _, token = ApiKey.issue("benchmark")
    headers = {"api-key": token, "Content-Type": "application/json"}
    url, one = database_url(connection.settings_dict), Activity.objects.order_by("id").values_list("pk", flat=True)[0]
    bare = {
        "BARE_DATABASE": database_parameters(),
        "BARE_QUERIES": json.dumps({"/list": "SELECT '{}', 0"}),
    }
    lists, generations, bares = [], [], []
    for _ in trange(rounds, unit="start", disable=None):
        since = time.perf_counter()
        with running_service(url, "benchmarks.bare_service:application", **bare) as address:
            ask("GET", f"{address}/list", {})
            bares.append(time.perf_counter() - since)
        since = time.perf_counter()
        with running_service(url, SALESAI_DATA_DIR=str(data_folder)) as address:
            ask("GET", f"{address}{API}", headers)
            lists.append(time.perf_counter() - since)
            ask("POST", f"{address}{API}/{one}/generate", headers)
            generations.append(time.perf_counter() - since)
    return {
        "seconds_to_first_list": round(median(lists), 2),
        "seconds_to_first_generation": round(median(generations), 2),
        "seconds_to_first_answer_of_bare": round(median(bares), 2),
        "ratio_to_bare": round(median(lists) / median(bares), 2),
    }


def ask(method: str, address: str, headers: dict[str, str]) -> None:
    """Raises HTTPError for an answer that is none of success."""
    with urllib.request.urlopen(urllib.request.Request(address, method=method, headers=headers)) as answer:
        answer.read()


if __name__ == "__main__":
    main()
