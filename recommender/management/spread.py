"""Options of commands whose work can be spread over processes or machines."""

from argparse import ArgumentParser
from typing import Any

from recommender.management.numbers import at_least_one
from recommender.partitions import Spread


def add_spread(parser: ArgumentParser, work: str, **others: dict[str, Any]) -> None:
    """Options that exclude each other: `--processes`, `--cluster` and those in `others`, a name to its arguments.

    Args:
        work: what the processes do, for the help.
    """
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--processes", type=at_least_one, default=1, metavar="N", help=f"of this machine that {work}; default: 1"
    )
    either.add_argument(
        "--cluster", metavar="ADDRESS", help="have that Dask cluster do it, such as tcp://scheduler:8786"
    )
    for name, arguments in others.items():
        either.add_argument(f"--{name}", **arguments)


def spread_of(options: dict[str, Any]) -> Spread:
    return Spread(options["processes"], options["cluster"])
