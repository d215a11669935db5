"""manage.py train_recommender: a model from the stored orders."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from recommender.errors import RecommenderError
from recommender.management.numbers import seed
from recommender.management.spread import add_spread, spread_of
from recommender.management.times import past_moment
from recommender.models import ModelVersion
from recommender.promotion import promote_unless_worse
from recommender.registry import promote
from recommender.training import train_version


class Command(BaseCommand):
    help = (
        "Train a model on the stored orders and let it answer, unless it is worse than the one that does: both are "
        "compared on the orders after that one's data. Fails where the new one is refused; it stays a candidate then."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--until",
            type=past_moment,
            metavar="DATE",
            help="train on orders before this; default: now. What lies behind the day of the last order is left out",
        )
        parser.add_argument("--seed", type=seed, default=0, help="of everything random in training and comparison")
        add_spread(parser, "ask the past")
        either = parser.add_mutually_exclusive_group()
        either.add_argument("--no-promote", action="store_true", help="leave the new version a candidate")
        either.add_argument("--force", action="store_true", help="let it answer without a comparison")

    def handle(self, **options: Any) -> None:
        self.stderr.write("Training …")
        try:
            version = train_version(options["until"] or timezone.now(), options["seed"], spread_of(options))
            self.describe(version)
            if options["force"]:
                promote(version)
            elif not options["no_promote"]:
                promote_unless_worse(version, options["seed"])
        except RecommenderError as error:
            raise CommandError(str(error)) from error
        if reason := version.comparison.get("reason"):
            self.stdout.write(f"Comparison: {reason}")
        self.stdout.write(f"{version} is {version.status}.")

    def describe(self, version: ModelVersion) -> None:
        counts = ", ".join(f"{count:,} {name}" for name, count in version.row_counts.items())
        metrics = ", ".join(f"{name} {value}" for name, value in version.scores.items())
        self.stdout.write(f"{version} has learned from {counts}; {version.training_seconds:.1f} s.")
        self.stdout.write(f"On its held-out orders: {metrics}.")
