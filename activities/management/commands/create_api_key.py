"""manage.py create_api_key: a key for a tool that uses the API."""

from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from activities.models import ApiKey
from recommender.management.texts import external_id, short_text


class Command(BaseCommand):
    help = "Make an API key and print it. It is shown this once; only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        name = partial(short_text, most=ApiKey._meta.get_field("name").max_length)
        parser.add_argument("name", type=name, help="whose key it is, to find it again in the admin")
        parser.add_argument(
            "--rep", type=external_id, metavar="ID", help="bind it to a rep: it sees and writes theirs alone"
        )
        parser.add_argument("--read-only", action="store_true", help="it may read and not write")

    def handle(self, **options: Any) -> None:
        _, token = ApiKey.issue(options["name"], rep=options["rep"] or "", read_only=options["read_only"])
        self.stdout.write(f"API key: {token}")
