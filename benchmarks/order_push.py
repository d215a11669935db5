"""How long `POST /orders` takes for 1,000 orders of 20 lines, against a bare COPY of the same rows.

Over HTTP to a gunicorn with the project's settings, on a database of its own that is dropped at the
end. The baseline writes rows whose ids are resolved already into plain copies of the two tables,
with the same constraints and indexes, in one transaction: what PostgreSQL alone asks for them.
"""

import argparse
import json
import statistics
from functools import partial
from typing import Any

import psycopg
import requests

from benchmarks.measure import seconds_of
from benchmarks.own_database import own_database

# isort: split
from django.db import connection

from activities.models import ApiKey
from tests.service import address_of, database_url, running_service

LINES = 20
CLIENTS, REPS, PRODUCTS = 200, 10, 400
LARGEST_BODY = 1024 * 1024

BASELINE = """
    CREATE TABLE copied_order (LIKE recommender_order INCLUDING ALL);
    CREATE TABLE copied_line (LIKE recommender_orderline INCLUDING ALL);
    ALTER TABLE copied_order
        ADD FOREIGN KEY (client_id) REFERENCES recommender_client DEFERRABLE INITIALLY DEFERRED,
        ADD FOREIGN KEY (rep_id) REFERENCES recommender_salesrep DEFERRABLE INITIALLY DEFERRED;
    ALTER TABLE copied_line
        ADD FOREIGN KEY (order_id) REFERENCES copied_order DEFERRABLE INITIALLY DEFERRED,
        ADD FOREIGN KEY (product_id) REFERENCES recommender_product DEFERRABLE INITIALLY DEFERRED;
"""
COPY_ORDERS = "COPY copied_order (id, external_id, client_id, rep_id, ordered_at, source) FROM STDIN"
COPY_LINES = "COPY copied_line (order_id, product_id, quantity, unit_price) FROM STDIN"


def orders_of(run: int, count: int) -> list[dict[str, Any]]:
    return [
        {
            "order": f"{run}-{number}",
            "client": f"c{number % CLIENTS}",
            "rep": f"r{number % REPS}",
            "date": "2026-02-01T09:30:00Z",
            "items": [
                {"product": f"p{(number * 7 + line) % PRODUCTS}", "quantity": line + 1, "price": 2.5}
                for line in range(LINES)
            ],
        }
        for number in range(count)
    ]


def push(service: str, token: str, body: bytes, outcome: str, count: int) -> None:
    """Raises RuntimeError where the answer is not that all orders had this outcome."""
    headers = {"api-key": token, "Content-Type": "application/json"}
    answer = requests.post(f"{service}/orders", data=body, headers=headers, timeout=120)
    if answer.status_code != 200 or answer.json()[outcome] != count:
        raise RuntimeError(answer.text)


class Baseline:
    """Plain copies of the two tables, and the ids of the rows that they refer to."""

    def __init__(self, connection: psycopg.Connection):
        self.connection = connection
        connection.execute(BASELINE)
        self.clients, self.reps, self.products = (
            dict(connection.execute(f"SELECT external_id, id FROM recommender_{table}").fetchall())
            for table in ("client", "salesrep", "product")
        )
        connection.commit()

    def rows_of(self, run: int, orders: list[dict[str, Any]]) -> tuple[list[tuple], list[tuple]]:
        """What COPY is to write, with ids that no other run has."""
        first = run * len(orders) + 1
        headers = [
            (key, order["order"], self.clients[order["client"]], self.reps[order["rep"]], order["date"], "api")
            for key, order in enumerate(orders, first)
        ]
        lines = [
            (key, self.products[line["product"]], line["quantity"], line["price"])
            for key, order in enumerate(orders, first)
            for line in order["items"]
        ]
        return headers, lines

    def copy(self, headers: list[tuple], lines: list[tuple]) -> None:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            for statement, rows in ((COPY_ORDERS, headers), (COPY_LINES, lines)):
                with cursor.copy(statement) as copy:
                    for row in rows:
                        copy.write_row(row)


def measure(service: str, count: int, runs: int) -> dict[str, list[float]]:
    """Seconds of each run, one after the other of each kind."""
    taken: dict[str, list[float]] = {"new": [], "unchanged": [], "replaced": [], "copy": []}
    pushed = partial(push, service, ApiKey.issue("benchmark")[1])
    with psycopg.connect(**address_of(connection.settings_dict)) as beside:
        # Clients, reps and products are there from then on, and both processes have met the route.
        for run in (-1, -2, -3, -4):
            pushed(body_of(orders_of(run, count)), "created", count)
        baseline = Baseline(beside)
        for run in range(runs):
            orders = orders_of(run, count)
            body = body_of(orders)
            later = body.replace(b"09:30", b"10:30")
            rows = baseline.rows_of(run, orders)
            taken["copy"].append(seconds_of(partial(baseline.copy, *rows)))
            taken["new"].append(seconds_of(partial(pushed, body, "created", count)))
            taken["unchanged"].append(seconds_of(partial(pushed, body, "unchanged", count)))
            taken["replaced"].append(seconds_of(partial(pushed, later, "updated", count)))
    return taken


def body_of(orders: list[dict[str, Any]]) -> bytes:
    body = json.dumps({"items": orders}, separators=(",", ":")).encode()
    if len(body) > LARGEST_BODY:
        raise ValueError("The API takes 1 MiB at a time: push fewer orders.")
    return body


NAMES = {
    "copy": "bare COPY of the same rows (baseline)",
    "new": "POST /orders, all new",
    "unchanged": "POST /orders, the same again",
    "replaced": "POST /orders, all replaced",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=1000, help="orders of a call, 1000 at most")
    parser.add_argument("--runs", type=int, default=9, help="calls of each kind; the median counts")
    wanted = parser.parse_args()
    with own_database(), running_service(database_url(connection.settings_dict)) as service:
        taken = measure(service, wanted.orders, wanted.runs)
    median = {kind: statistics.median(values) for kind, values in taken.items()}
    print(f"{wanted.orders} orders of {LINES} lines, {wanted.runs} runs of each, interleaved")
    print(f"{'':40}{'median ms':>10}{'least':>8}{'most':>8}{'x COPY':>8}")
    for kind, name in NAMES.items():
        least, most = min(taken[kind]) * 1000, max(taken[kind]) * 1000
        print(f"{name:40}{median[kind] * 1000:10.0f}{least:8.0f}{most:8.0f}{median[kind] / median['copy']:8.2f}")
    figures = {f"{kind}_ms": round(value * 1000, 1) for kind, value in median.items()}
    ratios = {f"{kind}_to_copy": round(value / median["copy"], 2) for kind, value in median.items() if kind != "copy"}
    print(json.dumps({"orders": wanted.orders, "lines": LINES, "runs": wanted.runs, **figures, **ratios}))


if __name__ == "__main__":
    main()
