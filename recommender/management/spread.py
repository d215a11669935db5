"""Options of commands whose work can be spread over processes or machines."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from recommender.partitions import Spread


def count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no number of processes: 1 or more.")
    return int(text)


def add_spread(parser: ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--processes", type=count, default=1, metavar="N", help="of this machine that ask the past; default: 1"
    )
    add_cluster(either)


def add_cluster(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="have that Dask cluster do it, such as tcp://scheduler:8786"
    )


def spread_of(options: dict[str, Any]) -> Spread:
    return Spread(options["processes"], options["cluster"])
