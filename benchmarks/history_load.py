"""Order lines on their way from PostgreSQL into numpy arrays, beside iterating over them by the ORM.

The same lines, in turns: `read_order_rows`, as training does it; `values_list` and model objects, each
with `iterator()` and with the client, day and product that training needs of a line. The lines are
made by SQL in a database of the benchmark's own.
"""

import argparse
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from statistics import median

import numpy as np

from benchmarks.measure import seconds_of
from benchmarks.own_database import own_database

# isort: split
from django.db import connection

from recommender.models import OrderLine
from recommender.order_rows import read_order_rows

LINES_OF_ORDER, PRODUCTS, CLIENTS = 20, 5_000, 20_000
UNTIL = datetime(2030, 1, 1, tzinfo=UTC)
FIELDS = (
    "order_id", "order__client__external_id", "order__ordered_at", "product__external_id", "quantity", "unit_price",
)  # fmt: skip

FILL = f"""
    INSERT INTO recommender_client (external_id, name, segment, region)
    SELECT 'C' || n, '', '', '' FROM generate_series(1, {CLIENTS}) n;
    INSERT INTO recommender_product (external_id, name, category, unit)
    SELECT 'P' || n, '', '', '' FROM generate_series(1, {PRODUCTS}) n;
    INSERT INTO recommender_order (external_id, client_id, ordered_at, source)
    SELECT 'O' || n, (SELECT min(id) FROM recommender_client) + n %% {CLIENTS},
           '2024-01-01'::timestamptz + n * interval '1 minute', ''
    FROM generate_series(1, %(orders)s) n;
    INSERT INTO recommender_orderline (order_id, product_id, quantity, unit_price)
    SELECT o.id, (SELECT min(id) FROM recommender_product) + (o.id * 7 + n * 13) %% {PRODUCTS}, 1 + n, 2.5
    FROM recommender_order o, generate_series(1, {LINES_OF_ORDER}) n;
    ANALYZE;
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=5_000_000, help="default: five million")
    parser.add_argument("--rounds", type=int, default=3, help="of each in turn; default: 3")
    arguments = parser.parse_args()
    with own_database():
        with connection.cursor() as cursor:
            cursor.execute(FILL, {"orders": max(1, arguments.lines // LINES_OF_ORDER)})
        found = [{name: seconds_of(step) for name, step in STEPS.items()} for _ in range(arguments.rounds)]
        lines = OrderLine.objects.count()
    ratios = {name: median(each[name] / each["arrays"] for each in found) for name in STEPS}
    print(f"{lines:,} lines{'seconds':>22}{'x arrays':>10}")
    for name in STEPS:
        print(f"{name:20}{median(each[name] for each in found):20.2f}{ratios[name]:10.1f}")
    print(
        json.dumps(
            {
                "lines": lines,
                "rounds": arguments.rounds,
                "seconds": {name: round(median(each[name] for each in found), 2) for name in STEPS},
                "ratio_to_arrays": {name: round(ratio, 2) for name, ratio in ratios.items()},
            }
        )
    )


def by_arrays() -> None:
    read_order_rows(UNTIL)


def by_values() -> None:
    as_arrays(OrderLine.objects.values_list(*FIELDS).iterator())


def by_objects() -> None:
    lines = OrderLine.objects.select_related("order__client", "product").iterator()
    as_arrays(
        (line.order_id, line.order.client.external_id, line.order.ordered_at, line.product.external_id,
         line.quantity, line.unit_price)
        for line in lines
    )  # fmt: skip


def as_arrays(rows: Iterable[tuple]) -> list[np.ndarray]:
    """What `read_order_rows` has of the lines, not yet put into codes, nor into order."""
    order, client, moment, product, quantity, price = zip(*rows, strict=True)
    return [
        np.array(order), np.array(client), np.array([each.timestamp() for each in moment]), np.array(product),
        np.array(quantity, float), np.array(price, float),
    ]  # fmt: skip


STEPS: dict[str, Callable[[], None]] = {"arrays": by_arrays, "values_list": by_values, "objects": by_objects}


if __name__ == "__main__":
    main()
