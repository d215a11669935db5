"""manage.py work: a worker of the job queue."""

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from activities.worker import NotMigratedError, work
from recommender.management.numbers import at_least_one


class Command(BaseCommand):
    help = (
        "Do queued work: bulk regeneration, generations asked for with Prefer: respond-async, and the schedules. Any "
        "number of workers on any number of machines; one that dies is made up for by the others within 15 seconds."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--jobs",
            type=at_least_one,
            default=2,
            help="done at once by this process: two, so that a training or a run does not keep single activities "
            "waiting; for more, start more workers",
        )
        parser.add_argument(
            "--until-idle",
            action="store_true",
            help="end when no job can be begun now: one that waits for its next try, or that the last ones at hand "
            "queue, is left to others",
        )

    def handle(self, **options: Any) -> None:
        try:
            asyncio.run(work(options["jobs"], options["until_idle"]))
        except NotMigratedError as error:
            raise CommandError(str(error)) from error
