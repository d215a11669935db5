"""manage.py create_activities: one activity for each of many clients."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from activities.filing import file_for_clients
from activities.models import Activity

ALL = "all"


class Command(BaseCommand):
    help = (
        "File one activity for each client, all of them or none; `regenerate_activities --status processing` "
        "then makes the suggestions. Run again it files nothing for a client who has one of the type that waits. Fails "
        "where a client has no rep."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--type", required=True, choices=Activity.Type.values)
        parser.add_argument(
            "--clients", required=True, nargs="+", metavar="ID", help=f"their ids; {ALL}: all that have ordered"
        )
        parser.add_argument("--rep", metavar="ID", help="default: the rep of each client's latest order that names one")
        parser.add_argument("--dry-run", action="store_true", help="say what would be filed, and do nothing")

    def handle(self, **options: Any) -> None:
        clients = None if options["clients"] == [ALL] else options["clients"]
        filed = file_for_clients(options["type"], clients, options["rep"], options["dry_run"])
        summary = (
            f"{filed.created:,} activities filed, {filed.waiting:,} clients have one that waits, "
            f"{filed.without_rep:,} have no rep."
        )
        self.stdout.write(f"Dry run: {summary} Nothing was stored." if options["dry_run"] else summary)
        if filed.without_rep:
            raise CommandError("No rep is known for some clients: give one with --rep.")
