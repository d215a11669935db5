"""What Prometheus reads: requests, latencies, generations and the model that answers.

Under gunicorn the processes share the figures through files (PROMETHEUS_MULTIPROC_DIR, set by
gunicorn.conf.py), so that a scrape of any of them tells of all.
"""

import os
import time
from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse
from django.views import View
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector

from recommender.models import ModelVersion

REQUESTS = Counter("salesai_requests_total", "Requests answered.", ["method", "route", "status"])
LATENCY = Histogram("salesai_request_seconds", "Seconds from request to answer.", ["method", "route"])
GENERATIONS = Counter("salesai_generations_total", "Generations, by activity type and outcome.", ["type", "outcome"])
METHODS = {name.upper() for name in View.http_method_names}


def measure_requests(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = get_response(request)
        # The pattern, not the path: one series a route, however many ids there are.
        route = request.resolver_match.route if request.resolver_match else ""
        # A caller may make up others, and needs no key for it: each would stay in memory and in the files.
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, route, response.status_code).inc()
        LATENCY.labels(method, route).observe(time.perf_counter() - started)
        return response

    return middleware


class ModelCollector(Collector):
    """Read at each scrape, because a promotion may have been made by another process."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        gauge = GaugeMetricFamily(
            "salesai_model_traffic_share", "Share of clients a model version answers.", labels=["name", "version"]
        )
        for version in ModelVersion.objects.active():
            gauge.add_metric([version.name, version.version], version.traffic_share)
        yield gauge


def exposition() -> bytes:
    """All figures in Prometheus' text format."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    models = CollectorRegistry()
    models.register(ModelCollector())
    return generate_latest(registry) + generate_latest(models)
