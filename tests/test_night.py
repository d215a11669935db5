"""One night as a sales team lives through it, and the figures that it finds in the morning.

NIGHT_CLIENTS says how many clients it has (`make night`: 5,000); nothing else is different then.
"""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from tests.bulk_runs import (
    FAR_FROM_NOW,
    GENERATIONS_OF_EACH,
    HALF_WRITTEN,
    STATE,
    TALLY,
    has_ended,
    latest_run,
    running_workers,
)
from tests.installation import Installation, wait_for
from tests.sales_traffic import Caller, traffic
from tests.service import database_url, running_service

CLIENTS = int(os.environ.get("NIGHT_CLIENTS", 100))
HOURS_SECONDS = 3600  # longer than the largest night takes
NIGHTLY = {
    "SCHEDULE_TRAINING": FAR_FROM_NOW,
    "SCHEDULE_REGENERATION": FAR_FROM_NOW,
    "SCHEDULE_REGENERATION_OPTIONS": "--chunk 25",
}
SCHEDULE = "SELECT last_outcome, last_words, next_run_at FROM activities_schedule WHERE name = '{name}'"
VERSIONS = "SELECT number, status, comparison ->> 'verdict' FROM recommender_modelversion ORDER BY number"
LINES_SHOWN = "SELECT count(*) FROM recommender_suggestedline WHERE NOT superseded AND rank IS NOT NULL"
LINES_OF_ACTIVITIES = "SELECT sum(jsonb_array_length(recommendations)) FROM activities_activity"
FIGURES = """
import json
from collections import Counter
from activities.dashboard import filed_today, unfinished
from activities.models import Activity
from activities.uptake import reckon_uptake
counts = unfinished()
print(json.dumps({
    "filed": sum(filed_today().values(), Counter()),
    "failed": counts["failed"],
    "waiting": counts["waiting"],
    "money": reckon_uptake().suggested_money,
    "drafted": sum(activity.generated_order["totalAmount"] for activity in Activity.objects.only("generated_order")),
}))
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Last night's model, two weeks of orders since then, and an activity for each client."""
    installation = Installation(tmp_path_factory.mktemp("night"))
    now = datetime.now(UTC)
    try:
        installation.manage("migrate", "--verbosity", "0")
        installation.manage("generate_demo_history", "--clients", str(CLIENTS))
        installation.manage("train_recommender", "--until", f"{now - timedelta(days=14):%Y-%m-%d}")
        installation.manage("create_activities", "--type", "recommendation", "--clients", "all")
        yield installation
    finally:
        installation.postgres.stop()


@pytest.fixture
def caller(house):
    key = house.manage("create_api_key", "sales tool").split()[-1]
    host = str(house.postgres.socket_dir)
    database = {"USER": "postgres", "PASSWORD": "", "HOST": host, "PORT": 5432, "NAME": "salesai"}
    with running_service(database_url(database), SALESAI_DATA_DIR=str(house.folder)) as address:
        yield Caller(address, key)


def strike(house, name):
    """It is the schedule's hour: the hours before it are left out."""
    moved = f"UPDATE activities_schedule SET next_run_at = now() WHERE name = '{name}' RETURNING 1"
    wait_for(lambda: house.ask(moved))
    wait_for(lambda: house.ask(SCHEDULE.format(name=name))[0][0] not in ("", "running"), HOURS_SECONDS)
    return house.ask(SCHEDULE.format(name=name))[0]


def test_in_the_morning_all_of_it_is_there_and_the_figures_add_up(house, caller):
    [(filed,)] = house.ask("SELECT count(*) FROM activities_activity")
    with running_workers(house, **NIGHTLY):
        with traffic(caller) as before:
            trained, words, next_training = strike(house, "training")
        [(since,)] = house.ask("SELECT now()")
        with traffic(caller) as meanwhile:
            queued, queued_words, next_regeneration = strike(house, "regeneration")
            run = latest_run(house)
            wait_for(lambda: has_ended(house, run), HOURS_SECONDS)

    # The API answered all along.
    assert min(before.generated.total(), meanwhile.generated.total()) > 0
    # Training let the new model answer, or refused it and said so.
    assert [trained, *house.ask(VERSIONS)] in (
        ["succeeded", (1, "retired", "not judged"), (2, "active", "not worse")],
        ["failed", (1, "active", "not judged"), (2, "candidate", "worse")],
    ), words
    # The run did each activity once, beside what the API was asked for; none is half written.
    assert (queued, f"Run {run}: {filed:,} activities are queued" in queued_words) == ("succeeded", True)
    assert house.ask(STATE.format(run=run)) == [("completed", "")]
    assert house.ask(TALLY.format(run=run)) == [(filed, 0, filed)]
    made = dict(house.ask(GENERATIONS_OF_EACH.format(since=f"'{since}'")))
    assert {activity: count - 1 for activity, count in made.items() if count > 1} == meanwhile.generated
    assert len(made) == filed
    assert house.ask(HALF_WRITTEN) == []
    assert house.ask(LINES_SHOWN) == house.ask(LINES_OF_ACTIVITIES)
    # What people see of it.
    assert re.search(rf"Run {run} completed \(queued\): {filed:,} completed, 0 failed", status(house, run))
    house.ask("UPDATE activities_activity SET created_at = now() RETURNING 1")  # midnight may have passed meanwhile
    figures = json.loads(house.manage("shell", "--command", FIGURES).splitlines()[-1])
    assert figures["filed"] == {"completed": filed}
    assert figures["failed"] == figures["waiting"] == 0
    assert figures["money"] == pytest.approx(figures["drafted"], rel=1e-3)
    # And it will be so again.
    assert datetime.now(UTC) < min(next_training, next_regeneration)
    report(house, run, filed, meanwhile)


def status(house, run):
    return house.manage("regeneration_status", str(run))


def report(house, run, filed, meanwhile):
    """What `make night` prints."""
    print(status(house, run))
    for kind, seconds in meanwhile.seconds.items():
        print(f"{len(seconds)} calls to {kind}: median {median(seconds):.2f} s, slowest {max(seconds):.2f} s")
    print(house.ask(VERSIONS), f"{filed:,} clients")
