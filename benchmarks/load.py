"""Callers that send one request after the other, each on a connection of its own."""

import http.client
import itertools
import statistics
import time
from collections.abc import Mapping, Sequence
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


def call(
    address: str, paths: Sequence[str], headers: Mapping[str, str], callers: int, seconds: float, method: str = "GET"
) -> Load:
    """Ask for the paths in turn, again and again for so long; no two callers begin with the same one.

    Raises RuntimeError for an answer that is not 200.
    """
    started = time.perf_counter()

    def calls_of(caller: int) -> list[float]:
        begin = caller * len(paths) // callers
        return calls_of_one(address, method, [*paths[begin:], *paths[:begin]], headers, started + seconds)

    with ThreadPoolExecutor(callers) as threads:
        all_of_them = [each for of_one in threads.map(calls_of, range(callers)) for each in of_one]
    return Load(len(all_of_them) / (time.perf_counter() - started), all_of_them)


def calls_of_one(
    address: str, method: str, paths: Sequence[str], headers: Mapping[str, str], until: float
) -> list[float]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    taken = []
    for path in itertools.cycle(paths):
        started = time.perf_counter()
        if started >= until:
            break
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {body[:300]!r}")
        taken.append(time.perf_counter() - started)
    connection.close()
    return taken
