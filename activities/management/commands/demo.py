"""manage.py demo: a server with example data, from nothing."""

import os
import secrets
import socket
import sys
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from activities.generation import generate
from activities.models import Activity, ApiKey
from activities.updates import create_activity
from recommender.errors import RecommenderError
from recommender.models import Client, ModelVersion, Order
from recommender.registry import promote
from recommender.training import train_version

KEY_NAME = "demo"
ADMIN_NAME = "admin"


class Command(BaseCommand):
    help = "Everything from an empty database to a running server with example data; what is there already is kept."

    def handle(self, **options: Any) -> None:
        port = os.environ.get("PORT", "8000")
        refuse_port_in_use(port)
        call_command("migrate", verbosity=0)
        self.make_history()
        try:
            self.make_model()
            self.make_activities()
        except RecommenderError as error:
            raise CommandError(str(error)) from error
        self.make_admin(port)
        self.make_key(port)
        self.stdout.flush()
        os.chdir(settings.BASE_DIR)
        server = ["gunicorn", "--config", "salesai/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}", "salesai.wsgi"]
        os.execv(sys.executable, [sys.executable, "-m", *server])

    def make_history(self) -> None:
        if not Order.objects.exists():
            self.say("Making a wholesale order history (generated, not real) …")
            call_command("generate_demo_history", stdout=self.stdout, stderr=self.stderr)

    def make_model(self) -> None:
        if not ModelVersion.objects.active().exists():
            self.say("Training on it …")
            version = train_version(timezone.now())
            promote(version)
            self.say(f"{version} answers now; trained in {version.training_seconds:.0f} s.")

    def make_activities(self) -> None:
        made = set(Activity.objects.values_list("activity_type", flat=True))
        client = Client.objects.busiest()
        rep = client.orders.order_by("-ordered_at").values_list("rep__external_id", flat=True).first() or "demo"
        for purpose in [purpose for purpose in Activity.Type if purpose not in made]:
            with transaction.atomic():  # one that is killed leaves none without suggestions
                wanted = create_activity(client=client.external_id, rep=rep, activity_type=purpose)
                activity = generate(wanted.pk)
            self.show(activity, client)

    def show(self, activity: Activity, client: Client) -> None:
        self.say(f"\n{activity.activity_type} for {client} ({client.external_id})")
        for line in activity.recommendations[:5]:
            price = "" if line["price"] is None else f"{line['price']:.2f}"
            self.say(
                f"  {line['quantity']:>5} x {line['productName'][:38]:38} {price:>9} {line['confidence']:>5.0%}  "
                f"{line['reason']}"
            )
        for risk in activity.insights["riskFactors"]:
            self.say(f"  ! {risk}")

    def make_admin(self, port: str) -> None:
        users = get_user_model()
        address = f"http://127.0.0.1:{port}/admin/"
        if users.objects.filter(is_superuser=True).exists():
            self.say(f"\nAdmin: {address} (password forgotten: manage.py changepassword {ADMIN_NAME})")
            return
        password = secrets.token_urlsafe(12)
        users.objects.create_superuser(ADMIN_NAME, password=password)
        self.say(f"\nAdmin: {address} as {ADMIN_NAME} with password {password}")

    def make_key(self, port: str) -> None:
        if ApiKey.objects.valid().filter(name=KEY_NAME).exists():
            token = "$KEY"
            self.say("API key: printed when it was made; another: manage.py create_api_key NAME")
        else:
            _, token = ApiKey.issue(KEY_NAME)
            self.say(f"API key: {token}")
        api = f"http://127.0.0.1:{port}/activity-ai-sales-order"
        activity = Activity.objects.first()
        client = activity.client if activity else "C0001"
        self.say(
            f"\nTry:\n"
            f"  curl -s -H 'api-key: {token}' '{api}?limit=1'\n"
            f"  curl -s -H 'api-key: {token}' -H 'Content-Type: application/json' {api} \\\n"
            f'    -d \'{{"client": "{client}", "rep": "demo", "activityType": "recommendation"}}\'\n'
            f"  curl -s -H 'api-key: {token}' -X POST {api}/ID/generate\n"
        )

    def say(self, text: str) -> None:
        self.stdout.write(text)


def refuse_port_in_use(port: str) -> None:
    """Before a minute of training, and not after it. Raises CommandError."""
    try:
        socket.create_server(("127.0.0.1", int(port))).close()
    except (OSError, ValueError, OverflowError) as error:
        raise CommandError(f"Nothing can be served on port {port} ({error}): give another, PORT=9000.") from error
