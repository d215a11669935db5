"""manage.py generate_demo_history: something to try suggestions on."""

import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from recommender import demo_history
from recommender.management.numbers import at_least_one, seed
from recommender.management.times import moment
from recommender.models import Order


class Command(BaseCommand):
    help = (
        "Fill an empty database with 18 months of orders of a wholesale house for food and drink that does not exist. "
        "The same options give the same orders."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--clients",
            type=at_least_one,
            default=300,
            help=f"How many; each has about {demo_history.LINES_A_CLIENT} order lines.",
        )
        parser.add_argument("--seed", type=seed, default=7, help="Another seed, another house.")
        parser.add_argument("--until", type=moment, help="The day before which the orders end; default: today, in UTC.")

    def handle(self, **options: Any) -> None:
        if Order.objects.exists():
            raise CommandError("There are orders already; generated ones would mix with them. Use an empty database.")
        until = (options["until"] or timezone.now()).astimezone(UTC)
        started = time.perf_counter()
        history = demo_history.generate(
            options["clients"], options["seed"], datetime(until.year, until.month, until.day, tzinfo=UTC)
        )
        generated = time.perf_counter()
        demo_history.load(history)
        self.stdout.write(
            f"{len(history.clients):,} clients, {len(history.products):,} products, {len(history.orders):,} orders, "
            f"{len(history.lines):,} lines; generated in {generated - started:.1f} s, "
            f"loaded in {time.perf_counter() - generated:.1f} s"
        )
