"""An order file of whatever kind, as chunks of text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

LINE = "line"
CHUNK_ROWS = 50_000
FAULTS_SCHEMA = {LINE: pl.Int64, "column": pl.String, "value": pl.String, "reason": pl.String}


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file.

    rows    `line` (where the row begins: line of a text file, row of a sheet or table, from 1)
            and a text column for each of the file's columns
    faults  rows that could not be read as such: line, column, value, reason
    torn    the cells of those, by line: too many or too few for the columns
    long    where records of a text file begin that go on over further lines
    done    how much of the file's `size` is read by now
    """

    rows: pl.DataFrame
    done: int
    faults: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FAULTS_SCHEMA))
    torn: Mapping[int, list[str]] = field(default_factory=dict)
    long: frozenset[int] = frozenset()


@dataclass(frozen=True)
class OrderFile:
    """A file opened for import; `chunks` can be gone through once.

    size, unit      how much there is to read, in bytes ("B") or rows ("row")
    notes           what the user should know about how it is read
    decimal_comma   numbers are written with a comma: 1.234,50
    """

    path: Path
    columns: list[str]
    chunks: Iterator[Chunk]
    size: int
    unit: str
    notes: tuple[str, ...] = ()
    decimal_comma: bool = False


def distinct_names(header: list[str]) -> list[str]:
    """Names for the columns of a header: those without one are called by their number.

    A name that stands twice is numbered too, so that it has to be chosen by --map.
    """
    names: list[str] = []
    for number, cell in enumerate(header, start=1):
        name = cell.strip() or f"column {number}"
        names.append(f"{name} (column {number})" if name in names or name == LINE else name)
    return names
