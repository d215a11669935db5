"""One client's suggestions: median CPU milliseconds of `suggest([request])`, its history read from PostgreSQL included.

Beside it, client by client in turns, the baseline: reading that client's orders alone
(`read_order_rows`), which no way of suggesting can do without. CPU is this process's; PostgreSQL's
is not in it.
"""

import argparse
import json
from functools import partial
from statistics import median

import numpy as np
from tqdm import tqdm

from benchmarks.demo_orders import END, fill, train_and_promote
from benchmarks.measure import Measured
from benchmarks.own_database import own_database
from recommender.models import Client
from recommender.order_rows import read_order_rows
from recommender.requests import RECOMMENDATION, SuggestionRequest
from recommender.suggestions import suggest

WARM_UP = 5  # clients before those that count: imports, caches, the connection


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="order lines, about; default: a million")
    parser.add_argument("--clients", type=int, default=300, help="how many are asked for; default: 300")
    arguments = parser.parse_args()
    with own_database() as database:
        lines = fill(database, arguments.lines)
        database.run_apart(train_and_promote)
        suggesting, reading = measure(some_clients(arguments.clients + WARM_UP))
    figures = {
        "lines": lines,
        "clients": len(suggesting),
        "suggest_cpu_ms": round(median(suggesting), 3),
        "suggest_cpu_ms_p95": round(float(np.quantile(suggesting, 0.95)), 3),
        "reading_cpu_ms": round(median(reading), 3),
        "ratio": round(median(suggesting) / median(reading), 2),
    }
    print(f"{'CPU ms a client':24} {'median':>8} {'95%':>8}")
    print(f"{'suggest([request])':24} {figures['suggest_cpu_ms']:8.2f} {figures['suggest_cpu_ms_p95']:8.2f}")
    print(f"{'read_order_rows':24} {figures['reading_cpu_ms']:8.2f} {np.quantile(reading, 0.95):8.2f}")
    print(json.dumps(figures))


def some_clients(count: int) -> list[str]:
    clients = list(Client.objects.filter(orders__isnull=False).distinct().order_by("external_id"))
    chosen = np.random.default_rng(0).permutation(len(clients))[:count]
    return [clients[position].external_id for position in chosen]


def measure(clients: list[str]) -> tuple[list[float], list[float]]:
    """CPU milliseconds (of suggesting, of reading) for each client after the warm-up."""
    suggesting, reading = [], []
    for client in tqdm(clients, unit="client", disable=None):
        request = SuggestionRequest(client=client, purpose=RECOMMENDATION, now=END)
        for times, step in (
            (suggesting, partial(suggest, [request])),
            (reading, partial(read_order_rows, END, [client])),
        ):
            with Measured() as took:
                step()
            times.append(took.cpu * 1000)
    return suggesting[WARM_UP:], reading[WARM_UP:]


if __name__ == "__main__":
    main()
