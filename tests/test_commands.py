"""An operator mistypes an option, or something that a command needs is not there: one sentence says what."""

import itertools
import os
import signal
import socket
import subprocess
import sys
from functools import partial

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from activities.generation import generate
from activities.models import Activity
from recommender.models import Client, Order
from tests.installation import ANSWER_SECONDS, manage
from tests.service import database_url, free_port

NOBODY_THERE = "postgres://sales:secret@127.0.0.1:1/sales"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("regenerate_activities --chunk 0", "--chunk: '0' is not a whole number from 1 to 100,000"),
        ("regenerate_activities --processes 0", "--processes: '0' is not"),
        ("regeneration_status --last=-3", "--last: '-3' is not"),
        ("work --jobs 0", "--jobs: '0' is not"),
        ("clean_up --days 1000000", "--days: '1000000' is not"),
        ("generate_demo_history --clients=-1", "--clients: '-1' is not"),
        ("train_recommender --seed=-1", "--seed: '-1' is not a whole number from 0 on"),
    ],
)
def test_a_number_that_is_none_is_refused_before_anything_begins(command, said):
    with pytest.raises(CommandError, match=said):
        call_command(*command.split())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["create_api_key", ""], "name: it is empty"),
        (["create_api_key", "x" * 101], "name: 'xxxxxxxxxxxxxxxxxxxx…' is longer than 100 characters"),
        (["create_api_key", "CRM\n"], r"name: 'CRM\\n' holds a control character"),
        (["create_api_key", "CRM", "--rep", ""], "--rep: it is empty"),
        (["create_api_key", "CRM", "--rep", "R" * 65], "is longer than 64 characters"),
        (["create_api_key", "CRM", "--rep", "\udcff"], "holds a control character"),
        (["create_activities", "--type", "upsell", "--clients", "all", "--dry-run", "--rep", ""], "--rep: it is empty"),
        (["create_activities", "--type", "upsell", "--clients", "\udcff"], "--clients: '.udcff' holds a control"),
    ],
)
def test_a_name_or_id_that_cannot_be_kept_is_refused_before_anything_begins(command, said):
    """An unset variable would make a key that sees everybody's activities of one that was to be bound to a rep."""
    with pytest.raises(CommandError, match=said):
        call_command(*command)


@pytest.mark.parametrize("port", [None, "http", "70000"])
def test_a_demo_whose_port_is_of_no_use_says_so_before_it_makes_anything(monkeypatch, port):
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("PORT", port or str(other.getsockname()[1]))
        with pytest.raises(CommandError, match=r"Nothing can be served on port .*PORT=9000"):
            call_command("demo")


@pytest.fixture
def demo(monkeypatch):
    """The demo up to where it serves."""
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setattr("os.execv", lambda *_: None)
    return partial(call_command, "demo")


def test_a_demo_makes_the_activities_that_the_one_before_did_not_come_to(wholesale_house, db, demo, monkeypatch):
    kinds = list(Activity.Type)
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr("activities.management.commands.demo.generate", killed_at_the_third(generate))
        demo()

    demo()
    demo()

    made = Activity.objects.order_by("created_at").values_list("activity_type", "status")
    assert list(made) == [(kind, "completed") for kind in kinds]


def killed_at_the_third(generate):
    calls = itertools.count(1)

    def generate_or_die(pk):
        if next(calls) == 3:
            raise KeyboardInterrupt
        return generate(pk)

    return generate_or_die


def test_a_demo_that_has_nothing_to_learn_from_says_so(empty_house, demo):
    client = Client.objects.create(external_id="C1")
    Order.objects.create(external_id="only returns", client=client, ordered_at="2026-01-01T00:00Z")

    with pytest.raises(CommandError, match=r"No order before .* has a quantity above zero"):
        demo()


@pytest.mark.parametrize("until", ["0001-01-01", "9999-12-31"])
def test_a_time_that_no_order_can_have_is_refused(until):
    with pytest.raises(CommandError, match=f"--until: '{until}' lies outside 1900 to 2199"):
        call_command("generate_demo_history", "--until", until)


@pytest.mark.parametrize("command", ["train_recommender", "evaluate_recommender"])
def test_nobody_learns_from_a_time_that_has_not_come(command):
    """A version of such data would refuse every later training for having older data."""
    with pytest.raises(CommandError, match="'2199-01-01' lies in the future"):
        call_command(command, "--until", "2199-01-01")


def test_a_report_that_cannot_be_written_is_told_before_the_training():
    with pytest.raises(
        CommandError, match=r"/dev/null cannot be written to \(File exists\); name another with --output"
    ):
        call_command("evaluate_recommender", "--cut", "2025-06-01", "--output", "/dev/null")


def test_a_database_out_of_reach_is_told_in_a_sentence_and_in_full_when_asked():
    said = manage("regeneration_status", DATABASE_URL=NOBODY_THERE)
    in_full = manage("regeneration_status", "--traceback", DATABASE_URL=NOBODY_THERE)

    assert said.returncode == in_full.returncode == 1
    assert said.stderr.startswith("The database is out of reach: connection failed: ")
    assert "Traceback" not in said.stderr
    assert "Traceback" in in_full.stderr


def test_what_a_database_cannot_do_is_not_told_as_if_it_were_out_of_reach(db):
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE activities_regenerationrun")
    url = database_url(connection.settings_dict)

    said = manage("regeneration_status", DATABASE_URL=url, PGOPTIONS="-c lock_timeout=20")

    assert said.returncode == 1
    assert said.stderr.startswith("The database cannot do what it should: canceling statement due to lock timeout")
    assert "Traceback" not in said.stderr


def test_a_command_that_nobody_reads_any_more_ends_without_a_word(db):
    """As by `manage.py … | head`."""
    url = database_url(connection.settings_dict)
    asked = subprocess.Popen(
        [sys.executable, "manage.py", "promote_model"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    asked.stdout.close()

    said = asked.stderr.read()

    assert (asked.wait(ANSWER_SECONDS), said) == (141, "")


@pytest.mark.parametrize("command", ["regeneration_status", "train_recommender", "work"])
def test_a_database_without_tables_is_told_with_what_makes_them(db, command):
    said = manage(command, DATABASE_URL=database_url(connection.settings_dict | {"NAME": "postgres"}))

    assert said.returncode == 1
    assert "run `manage.py migrate`" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_data_folder_that_is_none_is_told_in_a_sentence():
    said = manage("check", SALESAI_DATA_DIR="/dev/null")

    assert said.returncode == 1
    assert said.stderr == "SALESAI_DATA_DIR: /dev/null is no folder that can be written to (File exists).\n"


def test_what_is_interrupted_says_so_and_no_more(tmp_path):
    os.mkfifo(tmp_path / "secret_key")
    checking = subprocess.Popen(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "SALESAI_DATA_DIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # whatever the tests themselves are run by
    )
    with (tmp_path / "secret_key").open("w"):  # when the command opens it
        checking.send_signal(signal.SIGINT)
    said = checking.communicate(timeout=ANSWER_SECONDS)[1]

    assert (checking.returncode, said) == (130, "Interrupted. What was not stored yet is as it was before.\n")
