"""Filing one activity for each of many clients."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from recommender.bounds import FIRST_MOMENT
from salesai.locks import AdvisoryLock

# On the server from the clients to the activities: their number does not matter to this process.
# The id is made as `new_activity_id` makes it: microseconds that rise, then random digits.
FILE = """
    WITH placed AS NOT MATERIALIZED (  -- as `OrderQuerySet.placed` has it
        SELECT * FROM recommender_order WHERE ordered_at BETWEEN %(first_moment)s AND statement_timestamp()
    ), chosen AS (
        SELECT unnest(%(clients)s::text[]) COLLATE "C" AS client
        UNION
        SELECT external_id FROM recommender_client c WHERE %(clients)s::text[] IS NULL
        AND EXISTS (
            SELECT 1 FROM placed o JOIN recommender_orderline l ON l.order_id = o.id
            WHERE o.client_id = c.id AND l.quantity > 0
        )
    ), judged AS (
        SELECT client, coalesce(%(rep)s, (
            SELECT r.external_id FROM placed o JOIN recommender_client c ON c.id = o.client_id
            JOIN recommender_salesrep r ON r.id = o.rep_id
            WHERE c.external_id = chosen.client ORDER BY o.ordered_at DESC, o.external_id DESC LIMIT 1
        )) AS rep, EXISTS (
            SELECT 1 FROM activities_activity a
            WHERE a.client = chosen.client AND a.activity_type = %(type)s AND a.status = 'processing'
        ) AS waits
        FROM chosen
    ), filed AS (
        INSERT INTO activities_activity (
            id, client, rep, activity_type, status, input_data, requested_model, ai_model, recommendations, insights,
            accuracy, feedback, generated_order, metadata, created_at, updated_at
        )
        SELECT
            lpad(to_hex(
                (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + row_number() OVER (ORDER BY client)
            ), 14, '0') || left(replace(gen_random_uuid()::text, '-', ''), 10),
            client, rep, %(type)s, 'processing', '{}', '{}', '{}', '[]', '{}', '{}', '{}', '{}', '{}',
            now(), now()
        FROM judged WHERE NOT waits AND NOT %(dry_run)s
        AND NOT EXISTS (SELECT 1 FROM judged WHERE rep IS NULL AND NOT waits)
        RETURNING 1
    )
    SELECT
        count(*) FILTER (WHERE rep IS NOT NULL AND NOT waits),
        count(*) FILTER (WHERE waits),
        coalesce(array_agg(client ORDER BY client) FILTER (WHERE rep IS NULL AND NOT waits), '{}')
    FROM judged"""


@dataclass(frozen=True, slots=True)
class Filed:
    """Clients by what was found: one can be filed; one waits already; no rep is known to file it for, their ids."""

    possible: int
    waiting: int
    without_rep: list[str]


@transaction.atomic
def file_for_clients(
    activity_type: str, clients: Sequence[str] | None, rep: str | None, dry_run: bool = False
) -> Filed:
    """File an activity for each of the clients, or for each that has ordered; where one waits already, none.

    Where no rep is known for one of them, nothing is filed for any.
    """
    with connection.cursor() as cursor:
        # Two at once follow each other, so that the second finds what the first has filed.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [AdvisoryLock.FILING])
        chosen = {"type": activity_type, "clients": clients and list(clients), "rep": rep, "dry_run": dry_run}
        cursor.execute(FILE, chosen | {"first_moment": FIRST_MOMENT})
        return Filed(*cursor.fetchone())
