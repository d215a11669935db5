"""manage.py import_orders: order history from a file."""

import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from recommender.errors import RecommenderError
from recommender.loading.fields import FIELDS
from recommender.loading.order_file import OrderFile
from recommender.loading.order_import import ImportReport, import_orders, open_order_file
from recommender.loading.rejects import RejectsFile
from recommender.loading.row_formats import AUTO, FORMAT_NAMES, RowFormat, choose_format
from recommender.loading.rows import MergeCounts

DESCRIPTION = f"""\
Load orders from a CSV (also .gz), Excel (.xlsx) or Parquet file, one row an order line, or from a
folder of orders.parquet, lines.parquet and products.parquet. Importing a file again changes nothing;
an order that is there already is replaced whole. Where a row is bad nothing is loaded; with --skip-bad
the orders without a bad row are, and of the others nothing changes; where a bad row does not name its
order nobody knows which those are, and nothing is loaded then either.

Fields: {", ".join(name for name, field in FIELDS.items() if field.required)}; and, where the file has them,
{", ".join(name for name, field in FIELDS.items() if not field.required)}.
Columns are found by these names and common synonyms in any spelling, others by --map. Dates are
ISO 8601, in UTC where they have no offset. A quantity below zero is a return. In a CSV file with
semicolons decimals have a comma (1.234,50); there 1.500 may mean either, and is a bad row: write 1500
or 1,5.
"""


class Command(BaseCommand):
    help = DESCRIPTION

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> ArgumentParser:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="The file, or the folder.")
        parser.add_argument(
            "--format",
            choices=FORMAT_NAMES,
            default=AUTO,
            help="What the columns mean. auto (the default) knows online-retail by its columns.",
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help="A column whose name does not say which field it is. Can be given several times.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")
        parser.add_argument("--skip-bad", action="store_true", help="Load the orders without a bad row.")
        parser.add_argument(
            "--rejects",
            type=Path,
            help="Where rejected rows are written, with line, column and reason, in place of what stands there; "
            "where none is rejected no file is left. Default: FILE.rejects.csv; in a dry run none is written.",
        )

    def handle(self, **options: Any) -> None:
        path: Path = options["file"]
        beside = None if options["dry_run"] else path.parent / f"{path.resolve().name}.rejects.csv"
        rejects = RejectsFile(options["rejects"] or beside)
        if rejects.path and _would_write_over(rejects.path, path):
            raise CommandError(f"--rejects {rejects.path} is what is to be imported: name another file.")
        started = time.perf_counter()
        try:
            file = open_order_file(path)
            row_format = choose_format(file, options["format"], _mapping(options["map"]))
            rejects.remove_former()
            self._tell(*file.notes, _columns_used(file, row_format))
            with tqdm(total=file.size, unit=file.unit, unit_scale=True, desc=path.name, disable=None) as bar:
                report = import_orders(
                    file,
                    row_format,
                    rejects,
                    skip_bad=options["skip_bad"],
                    dry_run=options["dry_run"],
                    on_progress=lambda done: bar.update(done - bar.n),
                )
        except RecommenderError as error:
            raise CommandError(str(error)) from error
        if rejects.count:
            self._tell(str(rejects))
        if options["dry_run"]:
            self._tell("Dry run: nothing was stored.")
        self.stdout.write(_summary(path.name, row_format, report, time.perf_counter() - started))

    def _tell(self, *messages: str) -> None:
        for message in messages:
            self.stderr.write(message, self.style.NOTICE)


def _would_write_over(rejects: Path, path: Path) -> bool:
    """Whether it is the file, by whatever name, or one of the folder."""
    try:
        return path.exists() and rejects.exists() and any(map(rejects.samefile, [path, *path.glob("*.parquet")]))
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        column, equals, field = pair.rpartition("=")
        if not (equals and column and field):
            raise CommandError(f"--map {pair}: write it as COLUMN=FIELD.")
        mapping[column] = field
    return mapping


def _columns_used(file: OrderFile, row_format: RowFormat) -> str:
    used = ", ".join(f"{field} from {column!r}" for field, column in row_format.columns.items())
    unused = [column for column in file.columns if column not in row_format.columns.values()]
    return f"Format {row_format.name}: {used}." + (f" Not used: {', '.join(unused)}." if unused else "")


def _summary(name: str, row_format: RowFormat, report: ImportReport, seconds: float) -> str:
    merged = "; ".join(
        f"{what} {counts.created:,} created, {counts.updated:,} updated, {counts.unchanged:,} unchanged"
        for what, counts in report.merged.items()
        if counts != MergeCounts()
    )
    skipped = "".join(f", {count:,} {reason}" for reason, count in report.skipped.items() if count)
    dates, long = report.orders_with_several_dates, report.long_rows
    return (
        f"{name} ({row_format.name}): {report.lines:,} lines; "
        + (f"{merged}; " if merged else "")
        + f"{report.rejected:,} rows rejected"
        + (f", {report.left_out:,} others of their orders left out" if report.left_out else "")
        + (f"; skipped as no orders: {skipped[2:]}" if skipped else "")
        + (f"; {dates:,} orders with several dates, the earliest taken" if dates else "")
        + (f"; {long:,} rows go on over further lines, the first in line {report.first_long_row}" if long else "")
        + f"; {report.rows:,} rows in {seconds:.1f} s, {report.rows / seconds:,.0f} rows/s"
    )
