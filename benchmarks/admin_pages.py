"""How long the admin's pages take with many activities, and what recording changes costs bulk writes.

The activities and their lines are made by SQL, in a database of the benchmark's own.
"""

import argparse
import json
import time

from benchmarks.own_database import own_database  # sets Django up, so it comes first

# isort: split
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from activities.models import Activity, ReviewItem

CLIENTS, REPS, PRODUCTS, LINES = 5000, 60, 400, 5
REPEATS = 3

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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=200_000)
    wanted = parser.parse_args().activities
    with own_database(), override_settings(ALLOWED_HOSTS=["*"]):
        with connection.cursor() as cursor:
            cursor.execute(MAKE_HOUSE)
        recorded, unrecorded = cost_of_records()
        fill(wanted)
        pages = measure(signed_in())
    print(f"{'page':28} {'ms':>8} {'queries':>8}")
    for page, (milliseconds, queries) in pages.items():
        print(f"{page:28} {milliseconds:8.0f} {queries:8}")
    print(f"bulk update of 10,000 activities: {recorded:.2f} s on record, {unrecorded:.2f} s without")
    figures = {page: {"ms": round(ms), "queries": queries} for page, (ms, queries) in pages.items()}
    records = {"recorded_s": round(recorded, 2), "unrecorded_s": round(unrecorded, 2)}
    print(json.dumps({"activities": wanted, "pages": figures, "records": records}))


def file_activities(first: int, last: int) -> None:
    numbers = {"clients": CLIENTS, "reps": REPS, "products": PRODUCTS, "lines": LINES, "first": first, "last": last}
    with connection.cursor() as cursor:
        cursor.execute(FILE, numbers)


def cost_of_records() -> tuple[float, float]:
    """Seconds of an UPDATE of 10,000 activities with the triggers on, and off: the best of three each."""
    file_activities(1, 10_000)
    on = min(updating() for _ in range(REPEATS))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE activities_activity DISABLE TRIGGER USER")
        off = min(updating() for _ in range(REPEATS))
        cursor.execute("ALTER TABLE activities_activity ENABLE TRIGGER USER")
    return on, off


def updating() -> float:
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE activities_activity SET rep = rep || 'x', updated_at = now()")
    return time.perf_counter() - started


def fill(wanted: int) -> None:
    file_activities(10_001, wanted)
    with connection.cursor() as cursor:
        cursor.execute(SUGGEST, {"products": PRODUCTS, "lines": LINES})
        cursor.execute(
            "INSERT INTO activities_reviewitem (activity_id, state, weight, findings, settled, returned, since, note, "
            'reason) SELECT id, \'open\', 50, \'{"failed": {"says": "It failed.", "severity": 1}}\', \'{}\', false, '
            "now(), '', '' FROM activities_activity WHERE status = 'failed'"
        )
        cursor.execute("VACUUM ANALYZE")


def signed_in() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    return client


def measure(client: Client) -> dict[str, tuple[float, int]]:
    """Page -> (best milliseconds, queries). The dashboard also cold: without the figures that it keeps."""
    cache.clear()
    activity, item = Activity.objects.last().pk, ReviewItem.objects.last().pk
    pages = {
        "dashboard, cold": ("/admin/", 1),
        "dashboard": ("/admin/", REPEATS),
        "activities": ("/admin/activities/activity/", REPEATS),
        "activities, failed": ("/admin/activities/activity/?status__exact=failed", REPEATS),
        "activities, search": ("/admin/activities/activity/?q=C77", REPEATS),
        "activity": (f"/admin/activities/activity/{activity}/change/", REPEATS),
        "review queue": ("/admin/activities/reviewitem/", REPEATS),
        "review": (f"/admin/activities/reviewitem/{item}/change/", REPEATS),
        "client": ("/admin/recommender/client/1/change/", REPEATS),
        "product": ("/admin/recommender/product/1/change/", REPEATS),
        "suggested lines": ("/admin/recommender/suggestedline/", REPEATS),
    }
    return {page: min(opened(client, address) for _ in range(times)) for page, (address, times) in pages.items()}


def opened(client: Client, address: str) -> tuple[float, int]:
    with CaptureQueriesContext(connection) as queries:
        started = time.perf_counter()
        answer = client.get(address)
        milliseconds = (time.perf_counter() - started) * 1000
    assert answer.status_code == 200, (address, answer.status_code)
    return milliseconds, len(queries)


if __name__ == "__main__":
    main()
