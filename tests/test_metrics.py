"""What Prometheus is told by a service of several processes."""

import signal
import time
from io import StringIO
from urllib.request import Request, urlopen

import psutil
import pytest
from django.core.management import call_command
from django.db import connection

from activities.models import Activity, ApiKey
from tests.service import PATIENCE_SECONDS, database_url, running_service

CALLS = 12


@pytest.fixture
def service(transactional_db, tmp_path):
    """Gives its address; its temporary folder is `tmp_path`."""
    with running_service(database_url(connection.settings_dict), WEB_CONCURRENCY="2", TMPDIR=str(tmp_path)) as address:
        yield address


@pytest.fixture
def figures(tool):
    """Gives all figures of this process by name, with their labels."""

    def figures() -> dict[str, float]:
        return figures_in(tool.http.get("/metrics").content.decode())

    return figures


def figures_in(text: str) -> dict[str, float]:
    figures = (line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
    return {name: float(value) for name, value in figures}


@pytest.fixture
def counted(service):
    """How often the process was asked whether it lives, by whichever process is asked for it."""
    _, token = ApiKey.issue("prometheus")

    def counted() -> float:
        with urlopen(Request(f"{service}/metrics", headers={"api-key": token})) as answer:
            figures = figures_in(answer.read().decode())
        return figures.get('salesai_requests_total{method="GET",route="healthz",status="200"}', 0)

    return counted


def call(address: str) -> None:
    for _ in range(CALLS):
        urlopen(f"{address}/healthz").close()


def reload() -> None:
    """Has other processes take the place of those that answer."""
    [server] = (process for process in psutil.Process().children() if "gunicorn" in " ".join(process.cmdline()))
    former = server.children()
    server.send_signal(signal.SIGHUP)
    end = time.monotonic() + PATIENCE_SECONDS
    while set(former) & set(server.children()):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_whichever_process_is_asked_tells_what_all_have_counted(service, counted):
    call(service)

    assert {counted() for _ in range(CALLS)} == {CALLS}


def test_a_reload_goes_on_counting_in_the_same_folder(service, counted, tmp_path):
    call(service)
    reload()
    call(service)

    assert counted() == 2 * CALLS
    assert len(list(tmp_path.glob("salesai-metrics-*"))) == 1


def test_no_folder_stays_behind(transactional_db, tmp_path):
    url = database_url(connection.settings_dict)
    with running_service(url, TMPDIR=str(tmp_path)) as address:
        call(address)

    assert list(tmp_path.iterdir()) == []


def test_a_method_that_somebody_made_up_gets_no_figures_of_its_own(client, figures):
    client.generic("AAA1", "/orders")
    client.generic("AAA2", "/orders")

    names = " ".join(figures())

    assert "AAA" not in names
    assert 'method="other",route="orders"' in names


def test_the_activities_of_a_night_are_seen_whoever_generated_them(tool, figures, wholesale_house):
    tool.file(activityType="upsell")
    tool.file(activityType="upsell", client="cafe-01")
    before = figures()
    Activity.objects.filter(client="cafe-01").update(status="failed")
    call_command("regenerate_activities", "--status", "processing", stdout=StringIO())

    after = figures()

    def seen(figures: dict[str, float]) -> list[float]:
        statuses = ("processing", "completed", "failed")
        return [figures[f'salesai_activities{{status="{status}",type="upsell"}}'] for status in statuses]

    assert (seen(before), seen(after)) == ([2, 0, 0], [0, 1, 1])


def test_a_generation_counts_where_somebody_waits_for_it(tool, figures, wholesale_house):
    def generations() -> float:
        return figures().get('salesai_generations_total{outcome="completed",type="upsell"}', 0)

    activity = tool.file(activityType="upsell")
    before = generations()
    call_command("regenerate_activities", stdout=StringIO())
    in_bulk = generations()
    tool.generate(activity["_id"])

    assert (in_bulk - before, generations() - in_bulk) == (0, 1)
