"""What is known of a request afterwards: its line in the log, and who failed to log in from where."""

import logging
import sys

import pytest
from django.contrib.auth.models import User
from django.test import Client as HttpClient

from salesai.logs import logging_config
from tests.service import API

PASSWORD = "a-good-password-1"


@pytest.fixture
def behind_proxy(settings):
    settings.PRODUCTION = True


def lines_of(caplog, event: str) -> list[dict]:
    return [record.msg for record in caplog.records if isinstance(record.msg, dict) and record.msg["event"] == event]


def log_in(address: str, password: str) -> int:
    form = {"username": "ops", "password": password}
    return HttpClient().post("/admin/login/", form, headers={"X-Forwarded-For": address}).status_code


def test_a_request_has_one_line_under_the_id_that_its_answer_carries(tool, caplog):
    answer = tool.get(f"{API}?limit=1")

    [line] = lines_of(caplog, "request_finished")
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert (line["request"], line["code"], line["level"]) == (f"GET {API}?limit=1", 200, "info")
    assert line["ip"] == "127.0.0.1"


def test_what_is_refused_is_a_warning_and_without_a_key_there_is_nobody_on_it(keys, caplog):
    keys.full.get()
    keys.none.get()

    with_key, without = lines_of(caplog, "request_finished")
    assert "key" in with_key
    assert (without["code"], without["level"], "key" in without) == (401, "warning", False)


def test_the_admins_lines_name_the_user(admin_client, admin_user, caplog):
    admin_client.get("/admin/")

    [line] = lines_of(caplog, "request_finished")
    assert line["user_id"] == admin_user.pk


@pytest.mark.django_db
def test_behind_a_proxy_the_caller_is_whom_the_proxy_names(behind_proxy, caplog):
    HttpClient().get("/healthz", headers={"X-Forwarded-For": "made.up, 203.0.113.7"})
    HttpClient().get("/healthz", headers={"X-Forwarded-For": "made up"})

    assert [line["ip"] for line in lines_of(caplog, "request_finished")] == ["203.0.113.7", "127.0.0.1"]


@pytest.mark.django_db
def test_who_guesses_passwords_locks_out_nobody_at_another_address(behind_proxy):
    User.objects.create_superuser("ops", password=PASSWORD)

    guesses = [log_in("203.0.113.7", f"guess-{number}") for number in range(6)]

    assert guesses[-1] == log_in("203.0.113.7", PASSWORD) == 429
    assert log_in("198.51.100.2", PASSWORD) == 302


@pytest.mark.parametrize("as_json", [True, False])
def test_where_something_went_wrong_is_logged_without_the_values_of_variables(as_json):
    fault = logging.LogRecord("any", logging.ERROR, "any.py", 1, "request_failed", None, what_went_wrong("sk_secret"))

    line = written(fault, as_json)

    assert "RuntimeError" in line
    assert "sk_secret" not in line


def what_went_wrong(token: str) -> tuple:
    try:
        raise RuntimeError
    except RuntimeError:
        return sys.exc_info()


def written(record: logging.LogRecord, as_json: bool) -> str:
    formatter = dict(logging_config("INFO", as_json)["formatters"]["structured"])
    return formatter.pop("()")(**formatter).format(record)
