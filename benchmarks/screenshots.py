"""`make screenshots`: the admin's main pages as docs/images/*.png, on a demo history of their own."""

import os
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.own_database import own_database  # sets Django up, so it comes first

# isort: split
from django.contrib.auth.models import User
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test.testcases import LiveServerThread
from django.test.utils import override_settings
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright

from activities.generation import generate
from activities.models import FAILURE, Activity, ReviewItem
from activities.updates import create_activity, update_activity
from recommender.models import Client, ModelVersion, SuggestedLine
from recommender.registry import promote
from recommender.training import train_version
from tests.admin.browser import chromium_path

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
WINDOW = {"width": 1440, "height": 1000}
CLIENTS = 60
WEEKS = 12  # that the activities are spread over
PASSWORD = "only for the pictures"
COMMENTS = ["Far too much milk for them.", "", "", "They are closing the kitchen.", "", ""]


def main() -> None:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop in this thread
    started = time.perf_counter()
    IMAGES.mkdir(parents=True, exist_ok=True)
    with own_database(), override_settings(ALLOWED_HOSTS=["*"]):
        make_a_day()
        server = LiveServerThread("127.0.0.1", StaticFilesHandler)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path())
            taken = photograph(browser, f"http://127.0.0.1:{server.port}")
        server.terminate()
        server.join()
        connection.close()
    print(f"{', '.join(taken)} in {IMAGES.name}/, {time.perf_counter() - started:.0f} s")


def make_a_day() -> None:
    """The demo's history and a model, activities of three months with some feedback, and one that failed."""
    call_command("generate_demo_history", verbosity=0)
    promote(train_version(timezone.now()))
    User.objects.create_superuser("olga", password=PASSWORD)
    clients = Client.objects.exclude(orders=None).order_by("external_id")[:CLIENTS]
    for number, client in enumerate(clients):
        kind = Activity.Type.values[number % 5]
        age = timedelta(weeks=number % WEEKS)
        as_of = {"parameters": {"asOf": (timezone.now() - age).isoformat()}} if age else {}
        made = create_activity(
            client=client.external_id, rep=f"R{number % 4:02}", activity_type=kind, requested_model=as_of
        )
        activity = generate(made.pk)
        named = [line["product"] for line in activity.recommendations]
        said = {"acceptedRecommendations": named[:4], "rejectedRecommendations": named[4:7]}
        said["userRating"] = number % 5 + 1
        comment = COMMENTS[number % len(COMMENTS)]
        update_activity(activity, {"feedback": said | ({"comments": comment} if comment else {})})
        make_older(activity, age)
    failed = create_activity(client=clients[0].external_id, rep="R01", activity_type="upsell")
    failed.status, failed.metadata = Activity.Status.FAILED, {FAILURE: "ValueError: broken input"}
    failed.save()
    update_activity(failed, {})


def make_older(activity: Activity, age: timedelta) -> None:
    """As if it had been filed and answered that long ago, so that the orders since then count."""
    Activity.objects.filter(pk=activity.pk).update(
        created_at=F("created_at") - age, generated_at=F("generated_at") - age
    )
    lines = SuggestedLine.objects.of_activity(activity.pk)
    lines.update(suggested_at=F("suggested_at") - age)
    lines.answered().update(outcome_at=F("outcome_at") - age)


def photograph(browser: Browser, address: str) -> list[str]:
    page = browser.new_page(viewport=WINDOW, base_url=address)
    page.goto("/admin/")
    page.fill("#id_username", "olga")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")
    shown = Activity.objects.filter(activity_type=Activity.Type.RECOMMENDATION, user_rating__gte=1).first()
    pages = {
        "dashboard": "/admin/",
        "activities": "/admin/activities/activity/",
        "activity": f"/admin/activities/activity/{shown.pk}/change/",
        "review-queue": "/admin/activities/reviewitem/",
        "model-version": f"/admin/recommender/modelversion/{ModelVersion.objects.first().pk}/change/",
        "review": f"/admin/activities/reviewitem/{ReviewItem.objects.most_urgent_first().first().pk}/change/",
    }
    for name, path in pages.items():
        page.goto(path, wait_until="networkidle")
        page.screenshot(path=IMAGES / f"{name}.png")
    return list(pages)


if __name__ == "__main__":
    main()
