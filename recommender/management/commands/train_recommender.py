from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from recommender.errors import RecommenderError
from recommender.management.times import moment
from recommender.registry import promote
from recommender.training import train_version


class Command(BaseCommand):
    help = "Train a model on the stored orders and let it answer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--until", type=moment, metavar="DATE", help="train on orders before this; default: now")
        parser.add_argument("--seed", type=int, default=0, help="of everything random in the training")
        parser.add_argument("--no-promote", action="store_true", help="leave the new version a candidate")

    def handle(self, **options) -> None:
        self.stderr.write("Training …")
        try:
            version = train_version(options["until"] or timezone.now(), options["seed"])
        except RecommenderError as error:
            raise CommandError(str(error)) from error
        if not options["no_promote"]:
            promote(version)
        counts = ", ".join(f"{count:,} {name}" for name, count in version.row_counts.items())
        metrics = ", ".join(f"{name} {value}" for name, value in version.metrics.items())
        self.stdout.write(f"{version} is {version.status}: {counts}; {version.training_seconds:.1f} s.")
        self.stdout.write(f"On its held-out orders: {metrics}.")
