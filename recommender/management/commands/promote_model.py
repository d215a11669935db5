"""manage.py promote_model: which model version answers."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.engine.metrics import RECALL
from recommender.errors import RecommenderError
from recommender.models import ModelVersion
from recommender.registry import promote


class Command(BaseCommand):
    help = (
        "Let another model version answer, newer or older, at once and without restart. Without a version: list them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", nargs="?", metavar="VERSION", help="such as 2.3.0")
        parser.add_argument(
            "--share",
            type=float,
            default=1,
            help="of the clients that it answers, above 0; the active version answers the others (an A/B test). "
            "Default: 1, all of them",
        )
        parser.add_argument("--force", action="store_true", help="though its comparison after training refused it")

    def handle(self, **options: Any) -> None:
        if options["version"] is None:
            self.stdout.write("\n".join(versions_table()))
            return
        version = ModelVersion.objects.numbered(options["version"]).first()
        if version is None:
            there = ", ".join(row.version for row in ModelVersion.objects.all()) or "none; run train_recommender"
            raise CommandError(f"There is no version {options['version']}. There are: {there}.")
        if version.was_refused and not options["force"]:
            raise CommandError(
                f"{version} was refused after its training. {version.comparison['reason']} --force lets it answer."
            )
        try:
            promote(version, options["share"])
        except RecommenderError as error:
            raise CommandError(str(error)) from error
        shares = [f"{row} answers {row.traffic_share:.4g}" for row in ModelVersion.objects.active()]
        self.stdout.write(f"Of the clients: {'; '.join(shares)}." if len(shares) > 1 else f"{version} answers now.")


def versions_table() -> list[str]:
    lines = [f"{'version':10} {'status':10} {'share':>6}  {'data until':10} {RECALL:>9} {'ece':>7}  comparison"]
    for row in ModelVersion.objects.all():
        until = f"{row.data_until:%Y-%m-%d}" if row.data_until else ""
        recall, ece = (row.metrics.get(name, "") for name in (RECALL, "ece"))
        verdict = row.comparison.get("verdict", "")
        lines.append(
            f"{row.version:10} {row.status:10} {row.traffic_share:6.4g}  {until:10} {recall:>9} {ece:>7}  {verdict}"
        )
    return lines
