"""Training on a million order lines: seconds and memory.

The orders are generated and loaded by one process, the training runs in another that is held to
--threads cores, reading from PostgreSQL and publishing the model included. PostgreSQL's own
seconds and memory are not in the figures.
"""

import argparse
import json
import os

from benchmarks.demo_orders import fill, train_and_promote
from benchmarks.measure import Measured, peak_megabytes
from benchmarks.own_database import own_database

THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="order lines, about; default: a million")
    parser.add_argument("--threads", type=int, default=2, help="cores that the training may use; default: 2")
    arguments = parser.parse_args()
    limit_cores(arguments.threads)
    with own_database() as database:
        lines = fill(database, arguments.lines)
        figures = database.run_apart(training)
    figures = {"lines": lines, "threads": arguments.threads} | figures
    print(f"{'order lines':>12} {'threads':>8} {'wall s':>8} {'CPU s':>8} {'peak MB':>8}")
    print(
        f"{lines:12,} {arguments.threads:8} {figures['wall_seconds']:8.1f} {figures['cpu_seconds']:8.1f} "
        f"{figures['peak_megabytes']:8.0f}"
    )
    print(json.dumps(figures))


def limit_cores(threads: int) -> None:
    """For this process's children: by libraries' settings and, where the system can, by cores."""
    os.environ |= dict.fromkeys(THREAD_SETTINGS, str(threads))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def training() -> dict[str, float]:
    with Measured() as took:
        train_and_promote()
    return {
        "wall_seconds": round(took.wall, 2),
        "cpu_seconds": round(took.cpu, 2),
        "peak_megabytes": round(peak_megabytes()),
    }


if __name__ == "__main__":
    main()
