"""manage.py clean_up: what grows every night and is of no more use."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from activities.housekeeping import forget_lines, forget_runs, forgettable, runs_ended
from activities.models import KeptAnswer
from recommender.errors import UnwritableArtifactError
from recommender.management.numbers import at_least_one
from recommender.registry import remove_files, spare_versions


class Command(BaseCommand):
    help = (
        "Delete what nothing is made of any more: suggestions that were replaced and never answered, runs over many "
        "activities that have ended, the files of old model versions, answers kept for repeated requests, sessions "
        "that have ended. Orders, activities, answers and what is recorded of changes stay. Can be killed at any "
        "time; the next one goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=at_least_one,
            default=90,
            help="that replaced suggestions and ended runs are kept; default: 90",
        )
        parser.add_argument(
            "--versions",
            type=at_least_one,
            default=30,
            help="the newest models that keep their files, besides those that answer; default: 30",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and do nothing")

    def handle(self, **options: Any) -> None:
        before = timezone.now() - timedelta(days=options["days"])
        total, versions = forgettable(before).count(), list(spare_versions(options["versions"]))
        answers = KeptAnswer.objects.outdated()
        if options["dry_run"]:
            counts = said(total, runs_ended(before).count(), len(versions), answers.count())
            self.stdout.write(f"Dry run: {counts} would go. Nothing was changed.")
            return
        forgotten = 0
        with tqdm(total=total, unit="line", disable=None) as bar:
            for number in forget_lines(before):
                forgotten += number
                bar.update(number)
        runs = forget_runs(before)
        outdated, _ = answers.delete()
        call_command("clearsessions")
        # Last: it may take long to find that a storage cannot be reached.
        removed, left = 0, []
        for version in versions:
            try:
                removed += remove_files(version)
            except UnwritableArtifactError as error:
                left.append(str(error))
        self.stdout.write(f"{said(forgotten, runs, removed, outdated)} are gone, and sessions that had ended.")
        if left:
            raise CommandError("\n".join(left))


def said(lines: int, runs: int, versions: int, answers: int) -> str:
    return (
        f"{lines:,} replaced suggestions, {runs:,} runs over many activities, the files of {versions:,} model versions "
        f"and {answers:,} answers kept for repeated requests"
    )
