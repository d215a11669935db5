"""The life of models across processes: running servers follow a promotion, a killed trainer leaves no trace."""

import json
import signal
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.installation import ANSWER_SECONDS, wait_for
from tests.service import API, free_port

WANTED = {"client": "C0001", "rep": "R1", "activityType": "recommendation"}

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

# The trainer's own process kills it when Python is about to do what the test names: an audit event
# and the end of the path that it is for.
KILLED_AT = """
import os, signal, sys
event, suffix = sys.argv[1:]
def kill(name, arguments):
    if name == event and str(arguments[0]).endswith(suffix):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(kill)
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "train_recommender"])
"""


@pytest.fixture
def server(installation):
    """gunicorn with two workers; gives a function that posts to it."""
    key = installation.manage("create_api_key", "test").split()[-1]
    port = free_port()
    process = installation.start(
        "-m", "gunicorn", "--config", "salesai/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}", "salesai.wsgi",
        WEB_CONCURRENCY="2",
    )  # fmt: skip

    def send(path: str, body: dict | None = None) -> dict:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"api-key": key, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)

    try:
        wait_for(lambda: answers(send, "/readyz"))
        yield send
    finally:
        process.terminate()
        process.communicate()


def answers(send, path: str) -> bool:
    try:
        return bool(send(path))
    except urllib.error.URLError:
        return False


def versions_that_answer(send, times: int) -> set[str]:
    def generate(_) -> str:
        activity = send(API, WANTED)["data"]["_id"]
        send(f"{API}/{activity}/generate", {})
        return send(f"{API}/{activity}")["data"]["aiModel"]["version"]

    with ThreadPoolExecutor(8) as pool:
        return set(pool.map(generate, range(times)))


def test_running_workers_answer_with_the_promoted_version_at_once(installation, server):
    [(before, _)] = installation.active()
    assert versions_that_answer(server, times=24) == {f"2.{before}.0"}

    installation.manage("train_recommender", "--seed", "1")

    [(after, _)] = installation.active()
    assert after > before
    assert versions_that_answer(server, times=24) == {f"2.{after}.0"}
    installation.manage("promote_model", f"2.{before}.0")
    assert versions_that_answer(server, times=24) == {f"2.{before}.0"}


@pytest.mark.parametrize(
    ("event", "suffix", "is_half_made"),
    [
        pytest.param("open", "manifest.json", True, id="while it writes the files"),
        pytest.param("os.rename", ".draft", True, id="before the files are published"),
        pytest.param("open", "/models", False, id="before the database knows that they are"),
    ],
)
def test_a_trainer_killed_leaves_the_former_version_answering_and_the_next_cleans_up(
    installation, event, suffix, is_half_made
):
    active, folders = installation.active(), installation.folders()

    trainer = installation.start("-c", KILLED_AT, event, suffix)
    said = trainer.communicate()[0]

    assert trainer.returncode == -signal.SIGKILL, said
    [(number, artifact)] = installation.ask(
        "SELECT number, artifact FROM recommender_modelversion WHERE status = 'training'"
    )
    [left] = installation.folders() - folders
    assert left.endswith(".draft") is is_half_made
    assert installation.active() == active

    installation.manage("train_recommender")

    [(status, failure)] = installation.ask(
        f"SELECT status, failure FROM recommender_modelversion WHERE number = {number}"
    )
    assert (status, failure) == ("failed", "The training ended without a word.")
    assert left.removesuffix(".draft") == artifact
    assert left not in installation.folders()
    assert installation.active() == [(number + 1, 1)]


def test_of_two_promotions_at_once_one_is_the_last_and_answers_alone(installation):
    installation.manage("train_recommender", "--no-promote")
    installation.manage("train_recommender", "--no-promote")
    candidates = installation.ask(
        "SELECT number FROM recommender_modelversion WHERE status = 'candidate' ORDER BY number DESC LIMIT 2"
    )

    with installation.connect() as connection:
        connection.execute("SELECT 1 FROM recommender_modelversion WHERE status = 'active' FOR UPDATE")
        promotions = [installation.start("manage.py", "promote_model", f"2.{number}.0") for (number,) in candidates]
        wait_for(lambda: installation.ask(WAITING) == [(2,)])
    said = [promotion.communicate()[0] for promotion in promotions]

    assert [promotion.returncode for promotion in promotions] == [0, 0], said
    assert [share for _, share in installation.active()] == [1]
