"""How long the admin's pages take with many activities, and what recording changes costs bulk writes.

The activities and their lines are made by SQL, in a database of the benchmark's own.
"""

import argparse
import json
import os
import statistics

from benchmarks.measure import Measured
from benchmarks.own_database import own_database, without_indexes

# isort: split
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from activities.models import Activity, ReviewItem

CLIENTS, REPS, PRODUCTS, LINES = 5000, 60, 400, 5
CHANGED = 10_000  # activities of the update that is measured
REPEATS = 5

MAKE_HOUSE = f"""
    INSERT INTO recommender_client (external_id, name, segment, region)
    SELECT 'C' || n, 'Client ' || n, 'segment ' || n % 5, '' FROM generate_series(1, {CLIENTS}) n;
    INSERT INTO recommender_product (external_id, name, category, list_price, unit)
    SELECT 'P' || n, 'Product ' || n, '', 5, '' FROM generate_series(1, {PRODUCTS}) n;
    INSERT INTO recommender_order (external_id, client_id, ordered_at, source)
    SELECT 'O' || c.id || '-' || n, c.id, now() - n * interval '7 days', ''
    FROM recommender_client c, generate_series(0, 9) n;
    INSERT INTO recommender_orderline (order_id, product_id, quantity, unit_price)
    SELECT o.id, p.id, 3, 5 FROM recommender_order o
    CROSS JOIN LATERAL (SELECT id FROM recommender_product ORDER BY (id * 7919 + o.id) % 997 LIMIT 3) p;
    INSERT INTO recommender_modelversion (name, number, status, traffic_share, parameters, row_counts, metrics,
        comparison, artifact, sha256, failure, created_at, activated_at)
    VALUES ('sales-recommender-v2', 1, 'active', 1, '{{}}', '{{}}', '{{}}', '{{}}', '', '', '', now(), now());
"""
FILE = """
    INSERT INTO activities_activity (id, client, rep, activity_type, status, input_data, requested_model, ai_model,
        recommendations, insights, accuracy, feedback, generated_order, metadata, processing_time, model_version_id,
        generated_at, created_at, updated_at)
    SELECT lpad(to_hex(n), 24, '0'), 'C' || n %% %(clients)s + 1, 'R' || n %% %(reps)s,
        (ARRAY['recommendation', 'order-analysis', 'cross-sell', 'upsell', 'demand-forecasting'])[n %% 5 + 1],
        CASE n %% 50 WHEN 0 THEN 'failed' WHEN 1 THEN 'processing' ELSE 'completed' END, '{}', '{}',
        jsonb_build_object('confidence', (n %% 90) / 100.0),
        (SELECT jsonb_agg(jsonb_build_object('product', 'P' || (n + i) %% %(products)s + 1, 'productName', 'Product',
            'quantity', 6, 'price', 5, 'confidence', 0.5, 'category', 'frequent-buy', 'priority', 3,
            'reason', 'Ordered in 7 of the last 8 orders.')) FROM generate_series(1, %(lines)s) i),
        '{"riskFactors": [], "buyingPatterns": ["An order every 7 days in the median."]}', '{}',
        CASE n %% 10 WHEN 0 THEN '{"userRating": 4}'::jsonb ELSE '{}' END,
        '{"items": [], "totalAmount": 150}', '{}', 0.05, (SELECT id FROM recommender_modelversion),
        now() - n %% 90 * interval '1 day', now() - n %% 90 * interval '1 day', now()
    FROM generate_series(%(first)s, %(last)s) n
"""
SUGGEST = """
    INSERT INTO recommender_suggestedline (activity, client, product, rep, model_version_id, rank, confidence, quantity,
        price, suggested_at, outcome, outcome_at)
    SELECT id, client, 'P' || (get_byte(decode(right(id, 2), 'hex'), 0) + i) %% %(products)s + 1, rep, model_version_id,
        i, 0.5, 6, 5, generated_at, answer, CASE answer WHEN 'open' THEN NULL ELSE generated_at END
    FROM activities_activity, generate_series(1, %(lines)s) i, LATERAL (SELECT
        CASE WHEN feedback = '{}' THEN 'open' WHEN i %% 2 = 0 THEN 'accepted' ELSE 'rejected' END) a (answer)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--activities", type=int, default=200_000)
    wanted = parser.parse_args().activities
    with own_database(), override_settings(ALLOWED_HOSTS=["*"]):
        with connection.cursor() as cursor:
            cursor.execute(MAKE_HOUSE)
        recorded, unrecorded = cost_of_records()
        fill(wanted)
        pages = measure(signed_in())
    print(f"{'page':36} {'median ms':>9} {'best':>6} {'queries':>8}")
    for page, (median, best, queries) in pages.items():
        print(f"{page:36} {median:9.0f} {best:6.0f} {queries:8}")
    print(f"update of {CHANGED:,} activities: {recorded:.2f} s on record, {unrecorded:.2f} s without")
    print(f"load: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    figures = {page: {"ms": round(ms), "best": round(best), "queries": n} for page, (ms, best, n) in pages.items()}
    records = {
        "recorded_s": round(recorded, 2),
        "unrecorded_s": round(unrecorded, 2),
        "ratio": round(recorded / unrecorded, 3),
    }
    print(json.dumps({"activities": wanted, "load": os.getloadavg()[0], "pages": figures, "records": records}))


def file_activities(first: int, last: int) -> None:
    numbers = {"clients": CLIENTS, "reps": REPS, "products": PRODUCTS, "lines": LINES, "first": first, "last": last}
    with connection.cursor() as cursor:
        cursor.execute(FILE, numbers)


def cost_of_records() -> tuple[float, float]:
    """Seconds of an UPDATE of so many activities with the triggers on, and off: medians of rounds in turn."""
    file_activities(1, CHANGED)
    seconds = {"ENABLE": [], "DISABLE": []}
    with connection.cursor() as cursor:
        for _ in range(REPEATS):
            for switch, taken in seconds.items():
                cursor.execute(f"ALTER TABLE activities_activity {switch} TRIGGER USER")
                cursor.execute("VACUUM activities_activity")
                with Measured() as measured:
                    cursor.execute("UPDATE activities_activity SET rep = rep || 'x', updated_at = now()")
                taken.append(measured.wall)
        cursor.execute("ALTER TABLE activities_activity ENABLE TRIGGER USER")
    return statistics.median(seconds["ENABLE"]), statistics.median(seconds["DISABLE"])


def fill(wanted: int) -> None:
    with connection.cursor() as cursor, without_indexes(cursor, "recommender_suggestedline", "activities_activity"):
        file_activities(CHANGED + 1, wanted)
        cursor.execute(SUGGEST, {"products": PRODUCTS, "lines": LINES})
        cursor.execute(
            "INSERT INTO activities_reviewitem (activity_id, state, weight, findings, settled, returned, since, note, "
            'reason) SELECT id, \'open\', 50, \'{"failed": {"says": "It failed.", "severity": 1}}\', \'{}\', false, '
            "now(), '', '' FROM activities_activity WHERE status = 'failed'"
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def signed_in() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    return client


def measure(client: Client) -> dict[str, tuple[float, float, int]]:
    """Page -> (median milliseconds, least, queries), each after it has been opened once."""
    activity, item = Activity.objects.last().pk, ReviewItem.objects.last().pk
    opened(client, "/admin/recommender/client/")  # which loads what all pages share
    first = opened(client, "/admin/")
    pages = {
        "dashboard": "/admin/",
        "activities": "/admin/activities/activity/",
        "activities, failed": "/admin/activities/activity/?status__exact=failed",
        "activities, of a type": "/admin/activities/activity/?activity_type__exact=upsell",
        "activities, confidence below 25%": "/admin/activities/activity/?sure=low",
        "activities, with feedback": "/admin/activities/activity/?feedback=yes",
        "activities, least sure first": "/admin/activities/activity/?o=8",
        "activities, search for a client": "/admin/activities/activity/?q=C77",
        "activities, search for a word of all": "/admin/activities/activity/?q=orders",
        "activity": f"/admin/activities/activity/{activity}/change/",
        "review queue": "/admin/activities/reviewitem/",
        "review": f"/admin/activities/reviewitem/{item}/change/",
        "client": "/admin/recommender/client/1/change/",
        "product": "/admin/recommender/product/1/change/",
        "suggested lines": "/admin/recommender/suggestedline/",
        "suggested lines, accepted": "/admin/recommender/suggestedline/?outcome__exact=accepted",
        "suggested lines, ordered": "/admin/recommender/suggestedline/?ordered=yes",
        "suggested lines, of a type": "/admin/recommender/suggestedline/?type=upsell",
        "suggested lines, of a rep": "/admin/recommender/suggestedline/?rep__icontains=R7",
    }
    figures = {"dashboard, nothing kept yet": (first[0], *first)}
    for page, address in pages.items():
        opened(client, address)
        times, queries = zip(*(opened(client, address) for _ in range(REPEATS)), strict=True)
        figures[page] = statistics.median(times), min(times), max(queries)
    return figures


def opened(client: Client, address: str) -> tuple[float, int]:
    """(milliseconds, queries)."""
    with CaptureQueriesContext(connection) as queries, Measured() as measured:
        answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} was answered with {answer.status_code}.")
    return measured.wall * 1000, len(queries)


if __name__ == "__main__":
    main()
