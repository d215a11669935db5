import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max, Min
from django.utils import timezone

from recommender.errors import RecommenderError
from recommender.evaluation import Evaluation, evaluate
from recommender.management.times import moment
from recommender.models import Order

DEFAULT_SHARE = 0.85  # of the time the stored orders span


class Command(BaseCommand):
    help = "Train on the orders before a moment and print how well the orders after it are found."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cut", type=moment, metavar="DATE", help="default: 85%% into the time that orders span")
        parser.add_argument("--until", type=moment, metavar="DATE", help="judge orders before this; default: now")
        parser.add_argument("--seed", type=int, default=0, help="of the training and of the intervals")
        parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures as JSON")

    def handle(self, **options) -> None:
        until = options["until"] or timezone.now()
        try:
            evaluation = evaluate(options["cut"] or default_cut(until), until, options["seed"])
        except RecommenderError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(report(evaluation)))
        if options["json"]:
            options["json"].write_text(json.dumps(asdict(evaluation), default=str, indent=1))


def default_cut(until):
    span = Order.objects.filter(ordered_at__lt=until).aggregate(first=Min("ordered_at"), last=Max("ordered_at"))
    if span["first"] is None:
        raise CommandError("There are no orders. Load some with `manage.py import_orders`.")
    seconds = (span["last"] - span["first"]).total_seconds()
    return span["first"] + timedelta(seconds=int(seconds * DEFAULT_SHARE))


def report(evaluation: Evaluation) -> list[str]:
    names = list(next(iter(evaluation.methods.values())))
    lines = [
        f"Trained on {evaluation.trained_orders:,} orders before {evaluation.cut:%Y-%m-%d %H:%M}; judged on the first "
        f"order from then on of {evaluation.clients:,} clients. Means over clients, 95% bootstrap intervals.",
        "",
        f"{'':12}" + "".join(f"{name:>24}" for name in names),
    ]
    for method, values in evaluation.methods.items():
        cells = (f"{values[name][0]:.4f} [{values[name][1]:.4f}, {values[name][2]:.4f}]" for name in names)
        lines.append(f"{method:12}" + "".join(f"{cell:>24}" for cell in cells))
    lines.append("")
    lines.append(f"Calibration error of the confidences shown: {evaluation.calibration_error:.4f}")
    return lines
