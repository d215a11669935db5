"""manage.py evaluate_recommender: how good suggestions would have been."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max, Min
from django.utils import timezone

from recommender.errors import NoOrdersError, RecommenderError
from recommender.evaluation import Evaluation, evaluate
from recommender.evaluation.report import FOREMOST, protocol, sections_after_cut, summary, write_report
from recommender.evaluation.tables import Table
from recommender.management.numbers import seed
from recommender.management.spread import add_spread, spread_of
from recommender.management.times import moment, past_moment
from recommender.models import Order

DEFAULT_SHARE = 0.85  # of the time the stored orders span


class Command(BaseCommand):
    help = (
        "Train on the orders before a moment and report how well the orders after it are found: report.html to read, "
        "report.json for programs. The stored models stay as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--cut", type=moment, metavar="DATE", help=f"default: {DEFAULT_SHARE:.0%}% into the time that orders span"
        )
        parser.add_argument("--until", type=past_moment, metavar="DATE", help="judge orders before this; default: now")
        parser.add_argument("--seed", type=seed, default=0, help="of the training, the moments and the intervals")
        add_spread(parser, "ask the past")
        parser.add_argument(
            "--output", type=Path, metavar="DIR", help="default: evaluations/<cut> in the data folder; written over"
        )

    def handle(self, **options: Any) -> None:
        until = options["until"] or timezone.now()
        try:
            cut = options["cut"] or default_cut(until)
            folder = options["output"] or settings.DATA_DIR / "evaluations" / f"{cut:%Y-%m-%dT%H%M}"
            refuse_unwritable(folder)
            evaluation = evaluate(cut, until, options["seed"], spread_of(options))
        except RecommenderError as error:
            raise CommandError(str(error)) from error
        write_report(evaluation, folder)
        self.stdout.write("\n".join(excerpt(evaluation)))
        self.stdout.write(f"\nThe whole report: {folder / 'report.html'}")


def refuse_unwritable(folder: Path) -> None:
    """Before the training, not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
    except OSError as error:
        raise CommandError(f"{folder} cannot be written to ({error.strerror}); name another with --output.") from error


def default_cut(until: datetime) -> datetime:
    orders = Order.objects.dated().filter(ordered_at__lt=until)
    span = orders.aggregate(first=Min("ordered_at"), last=Max("ordered_at"))
    if span["first"] is None:
        raise NoOrdersError
    seconds = (span["last"] - span["first"]).total_seconds()
    return span["first"] + timedelta(seconds=int(seconds * DEFAULT_SHARE))


def excerpt(evaluation: Evaluation) -> list[str]:
    lines = [
        summary(evaluation),
        "",
        protocol(evaluation),
        "",
        f"{'':12}" + "".join(f"{name:>24}" for name in FOREMOST),
    ]
    for method, values in evaluation.at_order.whole.methods.items():
        cells = (f"{values[name].value:.4f} [{values[name].low:.4f}, {values[name].high:.4f}]" for name in FOREMOST)
        lines.append(f"{method:12}" + "".join(f"{cell:>24}" for cell in cells))
    for section in sections_after_cut(evaluation.after_cut):
        lines += ["", section.title, *printed(section.table)]
    return lines


def printed(table: Table) -> list[str]:
    """A block for each row: a terminal is too narrow for the intervals of a whole one."""
    return [table.caption] + [
        f"  {about}: "
        + "; ".join(
            f"{name} {cell.text}".strip() + (f" [{cell.interval}]" if cell.interval else "")
            for name, cell in zip(table.columns[1:], cells, strict=True)
            if cell.text
        )
        for about, cells in table.rows
    ]
