"""Order history on its way from PostgreSQL to arrays: numbers by COPY, not row objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection

from recommender.baskets import OrderColumns, baskets_of
from recommender.bounds import FIRST_MOMENT
from recommender.engine.clock import SECONDS_PER_DAY
from recommender.engine.history import OrderHistory, positions_in
from recommender.engine.questions import ranges
from recommender.models import Client, Product
from salesai.prepared import fetch

# Orders whose numbers make one array: with a thousand lines each still below what PostgreSQL can hold in a value.
ORDERS_OF_ARRAY = 10_000
# Bytes before the rows of a binary COPY, and before the elements of a binary array (array_send in its sources).
COPY_HEADER, ARRAY_HEADER = 19, 20

# Numbers come as a few long arrays and not as many short rows: a row is a message, which costs more than it holds.
ORDERS = f"""
    COPY (
        SELECT array_agg(id ORDER BY place), array_agg(client_id ORDER BY place), array_agg(epoch ORDER BY place)
        FROM (
            SELECT o.id, o.client_id, extract(epoch FROM o.ordered_at)::float8 AS epoch,
                   row_number() OVER (ORDER BY c.external_id, o.ordered_at, o.external_id) AS place
            FROM recommender_order o JOIN recommender_client c ON c.id = o.client_id
            WHERE o.ordered_at < %(until)s AND {{of_whom}}
        ) AS numbered GROUP BY place / {ORDERS_OF_ARRAY} ORDER BY place / {ORDERS_OF_ARRAY}
    ) TO STDOUT (FORMAT binary)"""

LINES = f"""
    COPY (
        SELECT array_agg(l.order_id), array_agg(l.product_id), array_agg(l.quantity::float8),
               array_agg(coalesce(l.unit_price, 'NaN')::float8)
        FROM recommender_orderline l
        JOIN recommender_order o ON o.id = l.order_id
        WHERE o.ordered_at < %(until)s AND {{of_whom}}
        GROUP BY l.order_id / {ORDERS_OF_ARRAY}
    ) TO STDOUT (FORMAT binary)"""

# Said only where it is meant, and in keys: the planner takes few clients for few only where it sees them.
OF_CLIENTS, OF_ALL = "o.client_id = ANY(%(clients)s)", "true"


@dataclass(frozen=True, slots=True)
class OrderRows:
    """Orders as they are stored.

    clients, products    (C,), (P,) str   external ids, sorted
    order_key            (O,) int64       surrogate ids
    """

    clients: np.ndarray
    products: np.ndarray
    order_key: np.ndarray
    columns: OrderColumns

    def baskets(self) -> OrderHistory:
        return baskets_of(self.clients, self.products, self.columns)


def read_order_rows(until: datetime, clients: Sequence[str] | None = None) -> OrderRows:
    """The orders before `until`, of all clients or of those with the given external ids; none of no real date.

    What is stored while they are read is not among them, but for lines of an order that was there already.
    """
    named = {} if clients is None else names_by_key(Client, "external_id", list(clients))
    of_whom, chosen = OF_ALL if clients is None else OF_CLIENTS, {"until": until, "clients": list(named)}
    orders = copy_arrays(ORDERS.format(of_whom=of_whom), chosen, (">i8", ">i8", ">f8"))
    dated = orders[2] >= FIRST_MOMENT.timestamp()  # PostgreSQL would plan for this longer than numpy takes
    order_key, order_client_key, second = (column[dated] for column in orders)
    line_key, line_product_key, quantity, price = copy_arrays(
        LINES.format(of_whom=of_whom), chosen, (">i8", ">i8", ">f8", ">f8")
    )
    by_key = np.argsort(order_key)
    place = positions_in(order_key[by_key], line_key)
    known = place >= 0  # the others' orders have no real date, or were stored after the orders had been read
    line_order, quantity, price = by_key[place[known]], quantity[known], price[known]
    client_ids, order_client = external_codes(Client, order_client_key, named)
    product_ids, line_product = external_codes(Product, line_product_key[known])
    in_order = np.argsort(line_order, kind="stable")
    columns = OrderColumns(
        order_client=order_client,
        order_day=second / SECONDS_PER_DAY,
        line_order=line_order[in_order],
        line_product=line_product[in_order],
        line_quantity=quantity[in_order],
        line_price=price[in_order],
    )
    return OrderRows(client_ids, product_ids, order_key, columns)


def copy_arrays(statement: str, parameters: dict, kinds: tuple[str, ...]) -> list[np.ndarray]:
    """The columns of a binary COPY whose rows hold one array each of numbers, eight bytes wide and never null.

    Args:
        kinds: numpy's name of each column's numbers as PostgreSQL sends them, such as ">i8".
    """
    # By psycopg's own cursor: Django's takes no parameters of a COPY under DEBUG.
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.cursor.copy(statement, parameters) as copy,
    ):
        data = b"".join(copy)
    parts: list[list[np.ndarray]] = [[np.zeros(0, np.dtype(kind).newbyteorder("="))] for kind in kinds]
    at = COPY_HEADER
    while int.from_bytes(data[at : at + 2], signed=True) == len(kinds):  # the end is marked by -1
        at += 2
        for column, kind in zip(parts, kinds, strict=True):
            size = int.from_bytes(data[at : at + 4])
            record = np.dtype([("length", ">i4"), ("number", kind)])
            elements = np.frombuffer(data, record, (size - ARRAY_HEADER) // record.itemsize, at + 4 + ARRAY_HEADER)
            column.append(elements["number"].astype(column[0].dtype))
            at += 4 + size
    return [np.concatenate(column) for column in parts]


def names_by_key(model: type, column: str, values: list) -> dict[int, str]:
    """Surrogate id to external id, of the rows that have one of the values in the column."""
    return dict(fetch(f"SELECT id, external_id FROM {model._meta.db_table} WHERE {column} = ANY(%s)", [values]))


def external_codes(model: type, keys: np.ndarray, named: dict[int, str] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(external ids sorted by code point, (N,) int32 position of each key's external id); `named`: those known."""
    unique, inverse = np.unique(keys, return_inverse=True)
    names = named or names_by_key(model, "id", unique.tolist())
    ids = np.array([names[key] for key in unique.tolist()], dtype=str)
    order = np.argsort(ids, kind="stable")
    position = np.empty(len(order), np.int32)
    position[order] = np.arange(len(order), dtype=np.int32)
    return ids[order], position[inverse]


def rows_of_client(rows: OrderRows, client: str) -> tuple[np.ndarray, np.ndarray]:
    """(positions of the client's orders, positions of their lines)."""
    code = np.searchsorted(rows.clients, client)
    if code == len(rows.clients) or rows.clients[code] != client:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    first, stop = np.searchsorted(rows.columns.order_client, [code, code + 1])
    return np.arange(first, stop), ranges(
        np.searchsorted(rows.columns.line_order, [first]), np.searchsorted(rows.columns.line_order, [stop])
    )
