"""Upserts of order history from rows in hand.

Each function is one transaction and counts exactly. Of the same id only one row may be given.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from recommender.loading.master_data import CLIENTS, PRODUCTS, SALES_REPS, MasterTable, merge_staged
from recommender.loading.orders import STAGED_LINES, STAGED_ORDERS, merge_many_staged_orders, merge_staged_orders
from recommender.loading.rows import ClientRow, MergeCounts, OrderRow, ProductRow, SalesRepRow


def merge_clients(rows: Iterable[ClientRow]) -> MergeCounts:
    """Create or update clients; their chains are created where they are not known."""
    return _merge_master_rows(CLIENTS, rows)


def merge_products(rows: Iterable[ProductRow]) -> MergeCounts:
    """Create or update products; what replaces them is created where it is not known."""
    return _merge_master_rows(PRODUCTS, rows)


def merge_sales_reps(rows: Iterable[SalesRepRow]) -> MergeCounts:
    """Create or update sales reps."""
    return _merge_master_rows(SALES_REPS, rows)


def merge_orders(orders: Sequence[OrderRow], source: str) -> MergeCounts:
    """Create, replace or (those without lines) remove orders.

    An order that is stored just so, with its lines in whatever order, keeps its rows; a removed one
    counts as updated, and as unchanged where there was none.

    Args:
        source: where the orders come from, kept with those created or replaced.
    """
    headers = ((o["external_id"], o["client"], o.get("rep"), o["ordered_at"], source) for o in orders)
    lines = (
        (order["external_id"], line["product"], line["quantity"], line.get("unit_price"))
        for order in orders
        for line in order["lines"]
    )
    with transaction.atomic(), connection.cursor() as cursor:
        STAGED_ORDERS.create(cursor)
        STAGED_LINES.create(cursor)
        STAGED_ORDERS.copy_rows(cursor, headers)
        STAGED_LINES.copy_rows(cursor, lines)
        wait_for_other_merges(cursor)
        return merge_staged_orders(cursor)


def merge_order_frames(orders: pl.DataFrame, lines: pl.DataFrame, source: str) -> MergeCounts:
    """As `merge_orders`, for many orders.

    Args:
        orders: external_id, client, rep, ordered_at (in UTC).
        lines: order_external_id, product, quantity, unit_price.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        STAGED_ORDERS.create(cursor)
        STAGED_LINES.create(cursor)
        STAGED_ORDERS.copy_frame(cursor, orders.with_columns(source=pl.lit(source)))
        STAGED_LINES.copy_frame(cursor, lines)
        wait_for_other_merges(cursor)
        return merge_many_staged_orders(cursor)


def wait_for_other_merges(cursor: CursorWrapper) -> None:
    """Let one transaction at a time merge, from here to its end.

    Rows of five tables are looked up, created and replaced; were two merges to interleave, they
    could deadlock, or one could put lines on an order that the other has just removed.
    """
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('recommender.loading', 0))")


def _merge_master_rows(table: MasterTable, rows: Iterable[Mapping[str, Any]]) -> MergeCounts:
    columns = [column for column in table.staging.columns if column != "given"]
    with transaction.atomic(), connection.cursor() as cursor:
        table.staging.create(cursor)
        table.staging.copy_rows(
            cursor, ((row["external_id"], list(row), *(row.get(column) for column in columns[1:])) for row in rows)
        )
        wait_for_other_merges(cursor)
        return merge_staged(cursor, table)
