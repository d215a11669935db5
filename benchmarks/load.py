"""Callers that send one request after the other, each on a connection of its own."""

import http.client
import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Load:
    """What so many callers got done: requests a second, and the seconds that each request took."""

    per_second: float
    seconds: list[float]

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[percent - 1]


def call(address: str, path: str, headers: Mapping[str, str], callers: int, seconds: float) -> Load:
    """GET the path again and again for so long. Raises RuntimeError for an answer that is not 200."""
    started = time.perf_counter()
    with ThreadPoolExecutor(callers) as threads:
        taken = threads.map(lambda _: calls_of_one(address, path, headers, started + seconds), range(callers))
        all_of_them = [each for of_one in taken for each in of_one]
    return Load(len(all_of_them) / (time.perf_counter() - started), all_of_them)


def calls_of_one(address: str, path: str, headers: Mapping[str, str], until: float) -> list[float]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    taken = []
    while (started := time.perf_counter()) < until:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {body[:300]!r}")
        taken.append(time.perf_counter() - started)
    connection.close()
    return taken
