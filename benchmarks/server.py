"""How many processes and threads gunicorn wants: each setting beside the project's own, 2 processes of 2 threads.

Sixteen callers read one activity, then lists of 50, then generate; every setting has a gunicorn of its
own, started anew in each round, the settings in turns. Medians over rounds of the ratio to the
project's own setting in the same round.
"""

import argparse
import json
from pathlib import Path
from statistics import median

from benchmarks.own_database import own_database

# isort: split
from django.db import connection
from tqdm import tqdm

from activities.models import Activity, ApiKey
from benchmarks.demo_orders import LINES_A_CLIENT, fill, train_and_promote
from benchmarks.load import Load, call
from benchmarks.stored_activities import generate_originals
from tests.service import database_url, running_service

API = "/activity-ai-sales-order"
CALLERS = 16
OWN = (2, 2)  # processes, threads of each
SETTINGS = [OWN, (1, 4), (1, 8), (2, 1), (2, 4), (2, 8), (3, 2), (3, 4), (4, 1), (4, 2), (4, 4)]
KINDS = ("retrieve", "list", "generate")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of all settings in turn; default: 3")
    parser.add_argument("--seconds", type=float, default=3, help="of each kind of request; default: 3")
    arguments = parser.parse_args()
    with own_database() as database:
        fill(database, 200 * LINES_A_CLIENT)
        database.run_apart(train_and_promote)
        generate_originals(100)
        folder = str(Path(database.models).parent)
        rounds = [
            {setting: loads_of(setting, folder, arguments.seconds) for setting in tqdm(SETTINGS, disable=None)}
            for _ in range(arguments.rounds)
        ]
    print(f"{'processes x threads':22}" + "".join(f"{kind:>12}{'x own':>7}{'p99 ms':>8}" for kind in KINDS))
    rows = [row_of(setting, rounds) for setting in SETTINGS]
    for row in rows:
        cells = (row[kind] for kind in KINDS)
        print(
            f"{row['processes']:>9} x {row['threads']:<10}"
            + "".join(f"{cell['per_second']:12,.0f}{cell['ratio_to_own']:7.2f}{cell['p99_ms']:8.0f}" for cell in cells)
        )
    print(json.dumps({"callers": CALLERS, "rounds": len(rounds), "settings": rows}))


def loads_of(setting: tuple[int, int], data_folder: str, seconds: float) -> dict[str, Load]:
    processes, threads = setting
    _, token = ApiKey.issue("benchmark")
    headers = {"api-key": token, "Content-Type": "application/json"}
    pks = list(Activity.objects.order_by("id").values_list("pk", flat=True)[:100])
    asked = {
        "retrieve": ([f"{API}/{pk}" for pk in pks], "GET"),
        "list": ([f"{API}?limit=50"], "GET"),
        "generate": ([f"{API}/{pk}/generate" for pk in pks], "POST"),
    }
    environment = {"WEB_CONCURRENCY": str(processes), "WEB_THREADS": str(threads), "SALESAI_DATA_DIR": data_folder}
    with running_service(database_url(connection.settings_dict), **environment) as service:
        call(service, asked["generate"][0], headers, CALLERS, 2, "POST")  # each process has loaded the model
        return {kind: call(service, paths, headers, CALLERS, seconds, how) for kind, (paths, how) in asked.items()}


def row_of(setting: tuple[int, int], rounds: list[dict[tuple[int, int], dict[str, Load]]]) -> dict:
    def figures(kind: str) -> dict[str, float]:
        loads = [each[setting][kind] for each in rounds]
        own = [each[OWN][kind] for each in rounds]
        return {
            "per_second": round(median(load.per_second for load in loads), 1),
            "ratio_to_own": round(median(a.per_second / b.per_second for a, b in zip(loads, own, strict=True)), 3),
            "p99_ms": round(median(load.percentile(99) for load in loads) * 1000, 1),
        }

    return {"processes": setting[0], "threads": setting[1]} | {kind: figures(kind) for kind in KINDS}


if __name__ == "__main__":
    main()
