"""Reading of delimited text, plain or gzipped."""

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO

import polars as pl

from recommender.loading.errors import UnreadableFileError
from recommender.loading.order_file import CHUNK_ROWS, FAULTS_SCHEMA, LINE, Chunk, OrderFile, distinct_names

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"  # which an .xlsx is too
OLD_EXCEL_MAGIC = b"\xd0\xcf\x11\xe0"
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DELIMITERS = (",", ";", "\t")
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)


@dataclass(frozen=True)
class Dialect:
    encoding: str
    delimiter: str
    zipped: bool


def open_csv(path: Path) -> OrderFile:
    """Open a CSV file: its delimiter is a comma, semicolon or tab, whichever makes most columns.

    It is UTF-8 with or without a mark, or UTF-16 with one; what is neither from its first letter beyond ASCII
    is taken for Windows-1252, and a note says so. The whole file is read once to be sure.

    Raises:
        UnreadableFileError: the file is empty, damaged, broken off, or no text.
    """
    with path.open("rb") as raw:
        start = raw.read(4)
    zipped = start.startswith(GZIP_MAGIC)
    if path.suffix.lower() == ".gz" and not zipped:
        raise UnreadableFileError(f"{path.name} is named .gz but is not a gzip file.")
    if start in (ZIP_MAGIC, OLD_EXCEL_MAGIC):
        raise UnreadableFileError(
            f"{path.name} is no text. Save an Excel workbook as .xlsx; take out what is packed in a .zip."
        )
    encoding, notes = _find_encoding(path, zipped)
    header, delimiter = _read_header(path, zipped, encoding)
    dialect = Dialect(encoding, delimiter, zipped)
    columns = distinct_names(header)
    return OrderFile(
        path=path,
        columns=columns,
        chunks=_chunks(path, dialect, columns),
        size=path.stat().st_size,
        unit="B",
        notes=notes,
        decimal_comma=delimiter == ";",
    )


def _open_bytes(raw: BinaryIO, zipped: bool) -> BinaryIO:
    return gzip.GzipFile(fileobj=raw) if zipped else raw


def _find_encoding(path: Path, zipped: bool) -> tuple[str, tuple[str, ...]]:
    utf_8, bytes_before, lines_before = codecs.getincrementaldecoder("utf-8")(), 0, 0
    plain = True
    try:
        with path.open("rb") as raw:
            stream = _open_bytes(raw, zipped)
            while block := stream.read(1 << 20):
                if not bytes_before and block.startswith(UTF_16_MARKS):
                    return "utf-16", ()
                plain &= utf_8.decode(block).isascii()
                bytes_before += len(block)
                lines_before += block.count(b"\n")
            utf_8.decode(b"", final=True)
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line = lines_before + before.count(b"\n") + 1
        if not (plain and before.isascii()):
            raise UnreadableFileError(
                f"{path.name} is UTF-8 as far as line {line}, and then is not: it is damaged, breaks off, "
                "or is put together of texts in different encodings."
            ) from error
        return "cp1252", (f"{path.name} is not UTF-8 (line {line}); it is read as Windows-1252.",)
    except DAMAGED as error:
        raise UnreadableFileError(f"{path.name} is damaged or breaks off: {error}.") from error
    if not bytes_before:
        raise UnreadableFileError(f"{path.name} is empty.")
    return "utf-8-sig", ()


def _read_header(path: Path, zipped: bool, encoding: str) -> tuple[list[str], str]:
    def header(delimiter: str) -> list[str]:
        dialect = Dialect(encoding, delimiter, zipped)
        with _opened(path, dialect) as (_, text):
            # A quote may well stand before what is no delimiter here, so only the right one is strict.
            return next(_records(path, text, dialect, strict=False), (1, 1, []))[2]

    headers = {delimiter: header(delimiter) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda each: len(headers[each]))
    if not any(cell.strip() for cell in headers[delimiter]):
        raise UnreadableFileError(f"{path.name} does not begin with the names of its columns.")
    return headers[delimiter], delimiter


@contextmanager
def _opened(path: Path, dialect: Dialect) -> Iterator[tuple[BinaryIO, TextIO]]:
    """The bytes of the file as they lie on disk, and the text in them."""
    try:
        with (
            path.open("rb") as raw,
            TextIOWrapper(_open_bytes(raw, dialect.zipped), encoding=dialect.encoding, newline="") as text,
        ):
            yield raw, text
    except OSError as error:
        raise UnreadableFileError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def _records(path: Path, text: TextIO, dialect: Dialect, strict: bool) -> Iterator[tuple[int, int, list[str]]]:
    """The records in which anything stands, each after the lines that it begins and ends on.

    Not `strict`, a quote that is not closed swallows what follows, without a word.
    """
    reader = csv.reader(text, delimiter=dialect.delimiter, strict=strict)
    line = 1
    try:
        for record in reader:
            if any(record):
                yield line, reader.line_num, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableFileError(f"{path.name}, line {line}: {error} (is a quote not closed?).") from error
    except UnicodeError as error:
        raise UnreadableFileError(f"{path.name}, after line {line}: neither UTF-8 nor Windows-1252 text.") from error
    except DAMAGED as error:
        raise UnreadableFileError(f"{path.name} is damaged or breaks off after line {line}: {error}.") from error


def _chunks(path: Path, dialect: Dialect, columns: list[str]) -> Iterator[Chunk]:
    width = len(columns)
    with _opened(path, dialect) as (raw, text):
        records = _records(path, text, dialect, strict=True)
        next(records)
        # One flat list of cells: a list of rows would keep the garbage collector busy.
        lines: list[int] = []
        cells: list[str] = []
        torn: dict[int, list[str]] = {}
        long: set[int] = set()
        for line, last_line, record in records:
            if len(record) > width and not any(record[width:]):
                del record[width:]
            if len(record) == width:
                lines.append(line)
                cells += record
            else:
                torn[line] = record
            if last_line > line:
                long.add(line)
            if len(lines) + len(torn) == CHUNK_ROWS:
                yield _chunk(columns, lines, cells, torn, long, dialect.delimiter, raw.tell())
                lines, cells, torn, long = [], [], {}, set()
        yield _chunk(columns, lines, cells, torn, long, dialect.delimiter, raw.tell())


def _chunk(
    columns: list[str],
    lines: list[int],
    cells: list[str],
    torn: dict[int, list[str]],
    long: set[int],
    delimiter: str,
    done: int,
) -> Chunk:
    width = len(columns)
    faults = [
        (line, None, delimiter.join(record)[:200], f"has {len(record)} fields, the header {width}")
        for line, record in torn.items()
    ]
    texts = {name: pl.Series(cells[number::width], dtype=pl.String) for number, name in enumerate(columns)}
    return Chunk(
        rows=pl.DataFrame({LINE: pl.Series(lines, dtype=pl.Int64)} | texts),
        done=done,
        faults=pl.DataFrame(faults, schema=FAULTS_SCHEMA, orient="row"),
        torn=torn,
        long=frozenset(long),
    )
