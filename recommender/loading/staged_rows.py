"""The rows of an order file in staging, and how they become clients, reps, products and orders."""

from collections.abc import Collection, Sequence

import polars as pl
from django.db.backends.utils import CursorWrapper

from recommender.loading.fields import FIELDS
from recommender.loading.master_data import MasterTable
from recommender.loading.order_file import FAULTS_SCHEMA, LINE
from recommender.loading.orders import STAGED_LINES, STAGED_ORDERS
from recommender.loading.staging import StagingTable, quoted

STAGED_ROWS = StagingTable(
    name="staged_row",
    columns={LINE: "bigint NOT NULL"} | {field.name: field.column_type for field in FIELDS.values()},
    notes={},
)

FIND_CLAIMED_TWICE = """
    SELECT line, client, 'order ' || "order" || ' is of client ' || owner || ' since line ' || owned_since
    FROM staged_row JOIN (
        SELECT DISTINCT ON ("order") "order", client AS owner, line AS owned_since
        FROM staged_row ORDER BY "order", line
    ) first USING ("order")
    WHERE client <> owner ORDER BY line
"""

COUNT_ORDERS_WITH_SEVERAL_DATES = """
    SELECT count(*) FROM (SELECT FROM staged_row GROUP BY "order" HAVING min(date) <> max(date)) several
"""

# Rows of one order are of one client by now. Their dates can differ by minutes.
STAGE_ORDERS = """
    INSERT INTO staged_order (external_id, client, rep, ordered_at, source)
    SELECT "order", min(client), min(rep), min(date), %s FROM staged_row GROUP BY "order" ORDER BY min(line)
"""

STAGE_LINES = """
    INSERT INTO staged_line (order_external_id, product, quantity, unit_price)
    SELECT "order", product, quantity, price FROM staged_row ORDER BY line
"""


def orders_claimed_twice(cursor: CursorWrapper, client_column: str) -> pl.DataFrame:
    """Faults for the rows whose order is another client's by an earlier row."""
    cursor.execute(FIND_CLAIMED_TWICE)
    faults = [(line, client_column, client, reason) for line, client, reason in cursor.fetchall()]
    return pl.DataFrame(faults, schema=FAULTS_SCHEMA, orient="row")


def remove_rows(cursor: CursorWrapper, lines: list[int]) -> list[tuple[int, str]]:
    """Returns line and order of each."""
    cursor.execute('DELETE FROM staged_row WHERE line = ANY(%s) RETURNING line, "order"', [lines])
    return sorted(cursor.fetchall())


def leave_out_orders(cursor: CursorWrapper, bad_rows: Sequence[tuple[int, str]], order_column: str) -> pl.DataFrame:
    """Remove the rows of orders of which another row is bad, as what is left of such an order is not that order.

    Args:
        bad_rows: line and order of each.

    Returns:
        Faults for the removed rows, which say which line is to blame.
    """
    bad_lines = {order: line for line, order in bad_rows if "\0" not in order}  # which PostgreSQL holds none with
    cursor.execute('DELETE FROM staged_row WHERE "order" = ANY(%s) RETURNING line, "order"', [list(bad_lines)])
    faults = [
        (line, order_column, order, f"is left out whole, because line {bad_lines[order]} of it is bad")
        for line, order in sorted(cursor.fetchall())
    ]
    return pl.DataFrame(faults, schema=FAULTS_SCHEMA, orient="row")


def count_orders_with_several_dates(cursor: CursorWrapper) -> int:
    cursor.execute(COUNT_ORDERS_WITH_SEVERAL_DATES)
    return cursor.fetchone()[0]


def stage_master_data(cursor: CursorWrapper, table: MasterTable, key: str, fields: Collection[str]) -> None:
    """Stage the clients, reps or products of the rows, with what the file says of them.

    Where rows differ on a value the most frequent counts, of equally frequent ones the least.

    Args:
        key: the field that holds the external id.
        fields: the fields that the file has.
    """
    described = {
        FIELDS[name].describes[1]: name
        for name in fields
        if FIELDS[name].describes and FIELDS[name].describes[0] == table
    }
    modes = [f", mode() WITHIN GROUP (ORDER BY {quoted(name)}) AS {column}" for column, name in described.items()]
    given = ", ".join(f"CASE WHEN {column} IS NOT NULL THEN '{column}' END" for column in described)
    columns = "".join(f", {column}" for column in described)
    table.staging.create(cursor)
    cursor.execute(
        f"""
        INSERT INTO {table.staging.name} (external_id, given{columns})
        SELECT external_id, array_remove(ARRAY[{given}]::text[], NULL){columns}
        FROM (
            SELECT {quoted(key)} AS external_id, min(line) AS first_line{"".join(modes)}
            FROM staged_row WHERE {quoted(key)} IS NOT NULL GROUP BY {quoted(key)}
        ) summed_up
        ORDER BY first_line
        """
    )


def stage_orders(cursor: CursorWrapper, source: str) -> int:
    """Stage the orders and lines of the rows. Returns the number of lines."""
    STAGED_ORDERS.create(cursor)
    STAGED_LINES.create(cursor)
    cursor.execute(STAGE_ORDERS, [source])
    cursor.execute(STAGE_LINES)
    return cursor.rowcount
