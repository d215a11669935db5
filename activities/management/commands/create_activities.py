"""manage.py create_activities: one activity for each of many clients."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from activities.filing import file_for_clients
from activities.models import Activity
from recommender.management.texts import external_id
from recommender.models import Client

ALL = "all"
SHOWN = 10


class Command(BaseCommand):
    help = (
        "File one activity for each client, all of them or none; `regenerate_activities --status processing` then "
        "makes the suggestions. Run again it files nothing for a client who has one of the type that waits. Fails, "
        "and files nothing, where a client is not known or has no rep."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--type", required=True, choices=Activity.Type.values)
        parser.add_argument(
            "--clients",
            required=True,
            nargs="+",
            type=external_id,
            metavar="ID",
            help=f"their ids; {ALL}: all that have ordered",
        )
        parser.add_argument(
            "--rep",
            type=external_id,
            metavar="ID",
            help="default: the rep of each client's latest order that names one",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be filed, and do nothing")

    def handle(self, **options: Any) -> None:
        clients = None if options["clients"] == [ALL] else options["clients"]
        if clients and (unknown := not_known(clients)):
            raise CommandError(f"There is no client {listed(unknown)}. Nothing was filed.")
        filed = file_for_clients(options["type"], clients, options["rep"], options["dry_run"])
        if filed.without_rep:
            raise CommandError(
                f"No rep is known for {listed(filed.without_rep)}. Nothing was filed. "
                "File for them first, with --clients and --rep, then for the others."
            )
        done = "would be filed" if options["dry_run"] else "filed"
        self.stdout.write(f"{filed.possible:,} activities {done}, {filed.waiting:,} clients have one that waits.")


def not_known(clients: Sequence[str]) -> list[str]:
    known = Client.objects.filter(external_id__in=clients).values_list("external_id", flat=True)
    return sorted(set(clients) - set(known))


def listed(clients: list[str]) -> str:
    more = f" and {len(clients) - SHOWN:,} others" if len(clients) > SHOWN else ""
    return ", ".join(clients[:SHOWN]) + more
