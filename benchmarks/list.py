"""Listing and reading activities over HTTP, beside a bare handler, the least of Django, and a stock DRF view.

Four gunicorns with the project's configuration on one database: the service; a WSGI application of
psycopg and orjson that runs the same statements; Django with the same documents and nothing else;
and a ModelSerializer with LimitOffsetPagination over the same rows. They are called in turns, round
by round; medians over rounds. Then each sort, filter, search and a deep page by itself, one caller,
with the plan of the page: what it reads, and whether that is the whole table.
"""

import argparse
import json
import statistics
from collections.abc import Callable
from urllib.parse import parse_qsl, quote

from benchmarks.own_database import database_parameters, own_database

# isort: split
from django.db import connection
from django.db.models import Count, QuerySet, Window
from tqdm import tqdm

from activities.filters import TALLIED, ListQuery, matching
from activities.models import Activity, ApiKey
from activities.reading import page_statement
from benchmarks.demo_orders import LINES_A_CLIENT, fill, train_and_promote
from benchmarks.load import Load, call
from benchmarks.stored_activities import generate_originals, multiply
from salesai.prepared import statement_of
from tests.service import database_url, running_service

API = "/activity-ai-sales-order"
PAGE = 50
ORIGINALS = 100  # of each type, that the stored activities are copies of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--activities", type=int, default=1_000_000, help="stored; default: 1000000")
    parser.add_argument(
        "--clients", type=int, default=300, help=f"with about {LINES_A_CLIENT} order lines each; default: 300"
    )
    parser.add_argument("--rounds", type=int, default=5, help="of calling each in turn; default: 5")
    parser.add_argument("--seconds", type=float, default=4, help="of each turn; default: 4")
    parser.add_argument("--callers", type=int, default=8, help="at once; default: 8")
    arguments = parser.parse_args()
    with own_database() as database:
        fill(database, arguments.clients * LINES_A_CLIENT)
        database.run_apart(train_and_promote)
        generate_originals(ORIGINALS)
        multiply(arguments.activities - Activity.objects.count())
        print(json.dumps(measured(arguments.rounds, arguments.seconds, arguments.callers)))


def measured(rounds: int, seconds: float, callers: int) -> dict:
    one = Activity.objects.order_by("-created_at")[10].pk
    _, token = ApiKey.issue("benchmark")
    url = database_url(connection.settings_dict)
    page, parameters = page_statement((), "created_at", True, 0, PAGE, "")
    document, of_one = statement_of(Activity.objects.filter(pk=one).documents())
    queries = {"/list": as_sql(page, parameters), "/one": as_sql(document, of_one)}
    bare = {"BARE_QUERIES": json.dumps(queries), "BARE_DATABASE": database_parameters()}
    with (
        running_service(url) as service,
        running_service(url, "benchmarks.bare_service:application", **bare) as bare_service,
        running_service(url, DJANGO_SETTINGS_MODULE="benchmarks.least_settings") as least,
        running_service(url, DJANGO_SETTINGS_MODULE="benchmarks.stock_settings") as stock,
    ):
        headers = {"api-key": token}
        calls = {
            "list": {
                "service": lambda: call(service, [f"{API}?limit={PAGE}"], headers, callers, seconds),
                "bare": lambda: call(bare_service, ["/list"], {}, callers, seconds),
                "least": lambda: call(least, [f"/activities?limit={PAGE}"], {}, callers, seconds),
                "stock": lambda: call(stock, [f"/activities/?limit={PAGE}&format=json"], {}, callers, seconds),
            },
            "retrieve": {
                "service": lambda: call(service, [f"{API}/{one}"], headers, callers, seconds),
                "bare": lambda: call(bare_service, ["/one"], {}, callers, seconds),
                "least": lambda: call(least, [f"/activities/{one}"], {}, callers, seconds),
                "stock": lambda: call(stock, [f"/activities/{one}/?format=json"], {}, callers, seconds),
            },
        }
        figures = {name: compared(kinds, rounds) for name, kinds in calls.items()}
        show(figures)
        return {
            "activities": Activity.objects.count(),
            "page": PAGE,
            "callers": callers,
            **figures,
            "apart": [
                apart(service, headers, query, min(seconds, 0.5)) for query in tqdm(queries_apart(), disable=None)
            ],
        }


def compared(kinds: dict[str, Callable[[], Load]], rounds: int) -> dict:
    """Requests a second of each kind, and the ratios of the service to the others, round by round."""
    for each in kinds.values():
        each()  # warms up processes and caches
    loads = [{name: each() for name, each in kinds.items()} for _ in range(rounds)]
    per_second = {name: [load[name].per_second for load in loads] for name in kinds}
    return {
        "per_second": {name: round(statistics.median(values), 1) for name, values in per_second.items()},
        "p50_ms": {
            name: round(statistics.median(load[name].percentile(50) for load in loads) * 1000, 2) for name in kinds
        },
        "p99_ms": {
            name: round(statistics.median(load[name].percentile(99) for load in loads) * 1000, 2) for name in kinds
        },
        "ratio_to": {
            name: round(statistics.median(a / b for a, b in zip(per_second["service"], values, strict=True)), 3)
            for name, values in per_second.items()
            if name != "service"
        },
    }


def show(figures: dict) -> None:
    others = ("bare", "least", "stock")
    names = ("service", *others, *(f"x {other}" for other in others))
    print(f"{'requests a second, medians of rounds':40}" + "".join(f"{name:>10}" for name in names))
    for name, found in figures.items():
        rates = "".join(f"{found['per_second'][kind]:10,.0f}" for kind in ("service", *others))
        ratios = "".join(f"{found['ratio_to'][kind]:10.2f}" for kind in others)
        print(f"{name:40}{rates}{ratios}")


def queries_apart() -> list[str]:
    some = Activity.objects.order_by("-created_at")[Activity.objects.count() // 2]
    deep = min(500_000, Activity.objects.count() // 2)
    product = some.recommendations[0]["product"] if some.recommendations else "P0001"
    sorts = [f"sort={sort}&order={order}" for sort in SORTS for order in ("desc", "asc")]
    filters = [
        {"recommendations.product": product}, {"feedback.userRating": 5}, {"feedback.userRating": {"$gte": 4}},
        {"aiModel.confidence": {"$gte": 0.95}}, {"metadata.visit": 777}, {"metadata.region": "region-7"},
        {"metadata.visit": {"$lt": 50}}, {"status": "failed", "activityType": "upsell"},
    ]  # fmt: skip
    return [
        "", f"offset={deep}", f"offset={deep}&sort=updatedAt", f"offset={deep}&sort=aiModel.confidence&order=asc",
        *sorts,
        f"client={some.client}", f"rep={some.rep}", "activityType=upsell", "status=failed",
        f"rep={some.rep}&status=completed",
        f"createdAfter={some.created_at:%Y-%m-%dT%H:%M:%SZ}",
        *(f"filter={json.dumps(each, separators=(',', ':'))}" for each in filters),
        f"search={some.client}", "search=coffee", "search=nothingofthekind",
    ]  # fmt: skip


SORTS = (
    "_id", "createdAt", "updatedAt", "client", "rep", "activityType", "status", "processingTime",
    "aiModel.confidence", "accuracy.estimated", "feedback.userRating",
)  # fmt: skip


def apart(service: str, headers: dict[str, str], query: str, seconds: float) -> dict:
    """Milliseconds of the request by one caller, of its page in PostgreSQL, and what the page reads."""
    paths = [f"{API}?{quote(query, safe='=&')}"]
    call(service, paths, headers, callers=1, seconds=0.01)  # what it reads has been read
    load = call(service, paths, headers, callers=1, seconds=seconds)
    plan = explained(page_of(query))
    reads = sorted(set(scans(plan["Plan"])))
    found = {
        "query": query or "(none)",
        "ms": round(statistics.median(load.seconds) * 1000, 1),
        "page_ms": round(plan["Execution Time"], 1),
        "reads": reads,
        "whole_table": any("Seq Scan" in scan for scan in reads),
    }
    print(f"{found['query'][:70]:72}{found['ms']:9.1f} ms{found['page_ms']:9.1f} ms  {', '.join(reads)}")
    return found


def page_of(query: str) -> QuerySet:
    """The ids that the list shows for a query, as the view finds them."""
    wanted = ListQuery.of(dict(parse_qsl(query)))
    found = matching(wanted, rep="")
    if wanted.filters.keys() - TALLIED.keys():
        found = found.annotate(total=Window(Count("*"))).values("pk", "total")
    else:
        found = found.values("pk")
    return found[wanted.offset : wanted.offset + wanted.limit]


def explained(queryset: QuerySet) -> dict:
    return json.loads(queryset.explain(format="json", analyze=True))[0]


def scans(node: dict) -> list[str]:
    """The scans below a node of a plan, by the index that they read."""
    name = node.get("Index Name") or node.get("Relation Name")
    own = [f"{node['Node Type']} {name}"] if name else []
    return own + [scan for below in node.get("Plans", []) for scan in scans(below)]


def as_sql(statement: str, parameters: tuple) -> str:
    """The statement with its parameters in place."""
    with connection.cursor() as cursor:
        return cursor.cursor.mogrify(statement, parameters)


if __name__ == "__main__":
    main()
