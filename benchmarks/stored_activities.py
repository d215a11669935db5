"""A database full of generated activities: some made by the engine, each of them stored many times.

The copies have ids, clients, reps, times and ratings of their own. They are written without the
triggers that keep records of changes, which no reading of activities looks at.
"""

from django.db import connection
from tqdm import trange

from activities.bulk_generation import generate_batch
from activities.filing import file_for_clients
from activities.models import Activity
from benchmarks.own_database import without_indexes
from recommender.models import Client

BATCH = 250
COPIES_AT_ONCE = 20_000

COPY = """
    INSERT INTO activities_activity (
        id, client, rep, activity_type, status, input_data, requested_model, ai_model, recommendations, insights,
        accuracy, feedback, generated_order, metadata, processing_time, model_version_id, generated_at, created_at,
        updated_at
    )
    SELECT lpad(to_hex(extract(epoch FROM made)::bigint * 1000000 + number %% 1000000), 14, '0')
               || lpad(to_hex(number), 10, '0'),
           client || '-' || number / %(kept)s, rep, activity_type,
           CASE WHEN number %% 50 = 0 THEN 'failed' WHEN number %% 40 = 0 THEN 'processing' ELSE status END,
           input_data, requested_model, ai_model, recommendations, insights, accuracy,
           CASE WHEN number %% 7 = 0 THEN jsonb_build_object('userRating', 1 + number %% 5) ELSE '{}' END,
           generated_order,
           jsonb_build_object('visit', number, 'region', 'region-' || number %% 20),
           processing_time + (number %% 1000) / 1e6, model_version_id, generated_at, made, made + interval '1 hour'
    FROM generate_series(%(first)s::bigint, %(last)s) AS number
    JOIN (
        SELECT *, row_number() OVER (ORDER BY id) - 1 AS place FROM activities_activity WHERE created_at > %(since)s
    ) AS original ON original.place = number %% %(kept)s,
    LATERAL (SELECT %(since)s::timestamptz - (%(count)s - number) * interval '20 seconds' AS made) AS moment"""

COUNT_ANEW = """
    DELETE FROM activities_activitytally;
    INSERT INTO activities_activitytally (rep, status, activity_type, number)
    SELECT rep, status, activity_type, count(*) FROM activities_activity GROUP BY 1, 2, 3"""


def generate_originals(count: int) -> None:
    """So many activities of all types, generated; `count` is of each type, and there are clients enough."""
    clients = list(Client.objects.filter(orders__isnull=False).distinct().values_list("external_id", flat=True))
    for activity_type in Activity.Type:
        file_for_clients(activity_type, clients[:count], None)
    waiting = list(Activity.objects.order_by("id"))
    for start in range(0, len(waiting), BATCH):
        generate_batch(waiting[start : start + BATCH])


def multiply(count: int) -> None:
    """Store `count` activities more, copies of those that are there in turn; the indexes are made when all stand."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(created_at) - interval '1 minute', count(*) FROM activities_activity")
        since, kept = cursor.fetchone()
        with without_indexes(cursor, Activity._meta.db_table):
            cursor.execute("SET session_replication_role = replica")
            for first in trange(0, count, COPIES_AT_ONCE, desc="Storing", unit="batch", disable=None):
                last = min(first + COPIES_AT_ONCE, count) - 1
                cursor.execute(COPY, {"first": first, "last": last, "kept": kept, "since": since, "count": count})
            cursor.execute("RESET session_replication_role")
            cursor.execute(COUNT_ANEW)
            cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("VACUUM ANALYZE activities_activity")
