"""Sales tools at work: reads and generations over HTTP, while something else goes on."""

import json
import random
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.installation import ANSWER_SECONDS
from tests.service import API

PAUSE_SECONDS = 0.2


@dataclass
class Traffic:
    """What was asked, and how it was answered.

    generated  activity id -> how often its suggestions were made by a call
    seconds    kind of call -> how long each took
    """

    generated: Counter = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"read": [], "generate": []})


@dataclass
class Caller:
    """A sales tool with a key."""

    address: str
    key: str

    def send(self, path: str, method: str = "GET", body: dict | None = None) -> dict:
        request = urllib.request.Request(
            f"{self.address}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"api-key": self.key, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)


@contextmanager
def traffic(caller: Caller) -> Iterator[Traffic]:
    """Reads a list, reads one of it and generates another of it, over and over until the block ends.

    Raises urllib.error.URLError at its end where a call was not answered with success.
    """
    seen, ended = Traffic(), threading.Event()

    def call(kind: str, *request: str) -> dict:
        started = time.monotonic()
        answer = caller.send(*request)
        seen.seconds[kind].append(time.monotonic() - started)
        return answer

    def go_on_calling() -> None:
        stored = caller.send(API)["total"]
        while not ended.is_set():
            page = call("read", f"{API}?limit=50&offset={random.randrange(stored)}")["data"]
            read, generated = (random.choice(page)["_id"] for _ in range(2))
            call("read", f"{API}/{read}")
            call("generate", f"{API}/{generated}/generate", "POST")
            seen.generated[generated] += 1
            time.sleep(PAUSE_SECONDS)

    with ThreadPoolExecutor(1) as thread:
        calling = thread.submit(go_on_calling)
        try:
            yield seen
        finally:
            ended.set()
            calling.result()
