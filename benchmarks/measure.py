"""Time and memory of a step."""

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Measured:
    """Seconds of a `with` block: on the clock, and of all this process's threads together."""

    wall: float = 0.0
    cpu: float = 0.0

    def __enter__(self) -> "Measured":
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu


def seconds_of(step: Callable[[], object]) -> float:
    with Measured() as took:
        step()
    return took.wall


def peak_megabytes() -> float:
    """The most memory that this process has had."""
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, kibibytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
