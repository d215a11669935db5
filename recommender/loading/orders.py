"""Merging of staged orders: one that is sent again replaces the former order whole."""

from django.db import connection
from django.db.backends.utils import CursorWrapper

from recommender.loading.master_data import CLIENTS, PRODUCTS, SALES_REPS, create_missing, first_seen
from recommender.loading.rows import MergeCounts
from recommender.loading.staging import TEXT, StagingTable
from recommender.models import Order, OrderLine

STAGED_ORDERS = StagingTable(
    name="staged_order",
    columns={
        "external_id": TEXT,
        "client": f"{TEXT} NOT NULL",
        "rep": TEXT,
        "ordered_at": "timestamptz NOT NULL",
        "source": "text NOT NULL",
    },
    # The outcome is created, unchanged, replaced or removed.
    notes={"order_id": "bigint", "outcome": "text NOT NULL DEFAULT 'created'"},
    constraints=("PRIMARY KEY (external_id)",),
)
STAGED_LINES = StagingTable(
    name="staged_line",
    columns={
        "order_external_id": f"{TEXT} NOT NULL",
        "product": f"{TEXT} NOT NULL",
        "quantity": f"{OrderLine._meta.get_field('quantity').db_type(connection)} NOT NULL",
        "unit_price": OrderLine._meta.get_field("unit_price").db_type(connection),
    },
    notes={},
)

ORDERS = Order._meta.db_table
LINES = OrderLine._meta.db_table

FIND_STORED = f"""
    UPDATE staged_order SET order_id = stored.id, outcome = 'unchanged'
    FROM {ORDERS} stored WHERE stored.external_id = staged_order.external_id
"""

# An order without lines that was never there leaves things unchanged.
FIND_WITHOUT_LINES = """
    UPDATE staged_order SET outcome = CASE WHEN order_id IS NULL THEN 'unchanged' ELSE 'removed' END
    WHERE NOT EXISTS (SELECT FROM staged_line line WHERE line.order_external_id = staged_order.external_id)
"""

# Lines are compared as a bag: in another order they are the same lines. Where the order came from
# is not compared either, so that a file does not take over what was pushed as it happened.
FIND_REPLACED = f"""
    WITH again AS (
        SELECT staged.external_id, order_id, client.id AS client_id, rep.id AS rep_id, staged.ordered_at
        FROM staged_order staged
        JOIN {CLIENTS.name} client ON client.external_id = staged.client
        LEFT JOIN {SALES_REPS.name} rep ON rep.external_id = staged.rep
        WHERE outcome = 'unchanged' AND order_id IS NOT NULL
    ), sent AS (
        SELECT again.order_id, product.id AS product_id, line.quantity, line.unit_price
        FROM again
        JOIN staged_line line ON line.order_external_id = again.external_id
        JOIN {PRODUCTS.name} product ON product.external_id = line.product
    ), stored AS (
        SELECT again.order_id, line.product_id, line.quantity, line.unit_price
        FROM again JOIN {LINES} line USING (order_id)
    ), replaced AS (
        SELECT order_id FROM again JOIN {ORDERS} known ON known.id = again.order_id
        WHERE (known.client_id, known.ordered_at) <> (again.client_id, again.ordered_at)
        OR known.rep_id IS DISTINCT FROM again.rep_id
        UNION
        SELECT order_id FROM (TABLE sent EXCEPT ALL TABLE stored) gained
        UNION
        SELECT order_id FROM (TABLE stored EXCEPT ALL TABLE sent) lost
    )
    UPDATE staged_order SET outcome = 'replaced' FROM replaced WHERE replaced.order_id = staged_order.order_id
"""

DELETE_FORMER_LINES = f"""
    DELETE FROM {LINES} line USING staged_order staged
    WHERE staged.order_id = line.order_id AND staged.outcome IN ('replaced', 'removed')
"""

DELETE_REMOVED = f"""
    DELETE FROM {ORDERS} stored USING staged_order staged
    WHERE staged.order_id = stored.id AND staged.outcome = 'removed'
"""

UPDATE_REPLACED = f"""
    UPDATE {ORDERS} stored
    SET client_id = client.id, rep_id = rep.id, ordered_at = staged.ordered_at, source = staged.source
    FROM staged_order staged
    JOIN {CLIENTS.name} client ON client.external_id = staged.client
    LEFT JOIN {SALES_REPS.name} rep ON rep.external_id = staged.rep
    WHERE staged.order_id = stored.id AND staged.outcome = 'replaced'
"""

INSERT_CREATED = f"""
    WITH created AS (
        INSERT INTO {ORDERS} (external_id, client_id, rep_id, ordered_at, source)
        SELECT staged.external_id, client.id, rep.id, staged.ordered_at, staged.source
        FROM staged_order staged
        JOIN {CLIENTS.name} client ON client.external_id = staged.client
        LEFT JOIN {SALES_REPS.name} rep ON rep.external_id = staged.rep
        WHERE staged.outcome = 'created'
        ORDER BY staged.position
        RETURNING id, external_id
    )
    UPDATE staged_order SET order_id = created.id
    FROM created WHERE created.external_id = staged_order.external_id
"""

INSERT_LINES = f"""
    INSERT INTO {LINES} (order_id, product_id, quantity, unit_price)
    SELECT staged.order_id, product.id, line.quantity, line.unit_price
    FROM staged_line line
    JOIN staged_order staged ON staged.external_id = line.order_external_id
    JOIN {PRODUCTS.name} product ON product.external_id = line.product
    WHERE staged.outcome IN ('created', 'replaced')
    ORDER BY line.position
"""

COUNT_OUTCOMES = """
    SELECT
        count(*) FILTER (WHERE outcome = 'created'),
        count(*) FILTER (WHERE outcome IN ('replaced', 'removed')),
        count(*) FILTER (WHERE outcome = 'unchanged')
    FROM staged_order
"""

# What a question about one client's orders is planned by. Autovacuum sees to it too, but minutes later:
# until then each suggestion would read all lines there are.
COUNT_STORED = f"ANALYZE {CLIENTS.name}, {PRODUCTS.name}, {ORDERS}, {LINES}"


def merge_many_staged_orders(cursor: CursorWrapper) -> MergeCounts:
    """As `merge_staged_orders`, of so many that PostgreSQL has to learn at once how many there are."""
    counts = merge_staged_orders(cursor)
    cursor.execute(COUNT_STORED)
    return counts


def merge_staged_orders(cursor: CursorWrapper) -> MergeCounts:
    """Make the stored orders those of the staging tables; identical ones keep their rows and ids.

    Clients, reps and products that are not there yet are created with their id alone.
    """
    # Nobody else analyzes temporary tables, and a plan made blindly can take minutes.
    for statement in (
        FIND_STORED,
        FIND_WITHOUT_LINES,
        "ANALYZE staged_line (order_external_id, product)",
        "ANALYZE staged_order",
    ):
        cursor.execute(statement)
    with_lines = "(SELECT * FROM staged_order WHERE external_id IN (SELECT order_external_id FROM staged_line)) ordered"
    create_missing(cursor, CLIENTS, first_seen("client", with_lines))
    create_missing(cursor, SALES_REPS, first_seen("rep", with_lines))
    create_missing(cursor, PRODUCTS, first_seen("product", STAGED_LINES.name))
    for statement in (
        FIND_REPLACED,
        "ANALYZE staged_order",
        DELETE_FORMER_LINES,
        DELETE_REMOVED,
        UPDATE_REPLACED,
        INSERT_CREATED,
        INSERT_LINES,
    ):
        cursor.execute(statement)
    cursor.execute(COUNT_OUTCOMES)
    return MergeCounts(*cursor.fetchone())
