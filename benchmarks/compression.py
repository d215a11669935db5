"""What compressing a list of 50 costs and saves, and below which speed of the line it pays.

CPU milliseconds and bytes by level of zlib; Django's own level, which the service uses, is 6. The
baseline is the list as it is.
"""

import argparse
import gzip
import json
from statistics import median

from benchmarks.own_database import own_database

# isort: split
from activities.filters import ListQuery
from activities.reading import page_of
from benchmarks.demo_orders import LINES_A_CLIENT, fill, train_and_promote
from benchmarks.measure import Measured
from benchmarks.stored_activities import generate_originals

LEVELS = (1, 2, 4, 6, 9)
TIMES = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--clients", type=int, default=100, help=f"with about {LINES_A_CLIENT} order lines each; default: 100"
    )
    arguments = parser.parse_args()
    with own_database() as database:
        fill(database, arguments.clients * LINES_A_CLIENT)
        database.run_apart(train_and_promote)
        generate_originals(20)
        documents, _ = page_of(ListQuery.of({}), rep="")
    whole = "".join(documents).encode()
    rows = [row_of(level, whole) for level in LEVELS]
    print(f"{'level':>6}{'bytes':>10}{'of all':>8}{'ms':>8}{'pays below, Mbit/s':>20}")
    for row in rows:
        print(
            f"{row['level']:6}{row['bytes']:10,}{row['ratio']:8.2f}{row['ms']:8.2f}{row['pays_below_mbit_a_second']:20,}"
        )
    print(json.dumps({"bytes": len(whole), "levels": rows}))


def row_of(level: int, whole: bytes) -> dict[str, float]:
    spent = []
    for _ in range(TIMES):
        with Measured() as took:
            compressed = gzip.compress(whole, compresslevel=level)
        spent.append(took.cpu * 1000)
    ms, saved = median(spent), len(whole) - len(compressed)
    return {
        "level": level,
        "bytes": len(compressed),
        "ratio": round(len(compressed) / len(whole), 3),
        "ms": round(ms, 2),
        "pays_below_mbit_a_second": round(saved * 8 / 1000 / ms),
    }


if __name__ == "__main__":
    main()
