"""Production refuses what is unsafe."""

import json
import re

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from environ import Env

from salesai.checks import NOT_COLLECTED
from salesai.environment import flag, read_file
from tests.installation import manage

SAFE = {
    "SALESAI_PRODUCTION": "true",
    "SECRET_KEY": "x7" * 30 + "!qZ",
    "ALLOWED_HOSTS": "sales.example.com",
    "DATABASE_URL": "postgres://sales:secret@db.example.com/sales",
}


def test_the_deployment_check_is_clean():
    result = manage("check", "--deploy", "--fail-level", "WARNING", **SAFE)

    assert result.returncode == 0, result.stderr


def test_pages_without_their_collected_files_are_told_by_the_deployment_check(settings, tmp_path):
    settings.PRODUCTION, settings.STATIC_ROOT = True, tmp_path
    missing = run_checks(include_deployment_checks=True)
    (tmp_path / "staticfiles.json").touch()
    collected = run_checks(include_deployment_checks=True)

    assert [check.msg for check in missing if check not in collected] == [NOT_COLLECTED]


def test_every_setting_stands_in_the_operators_table():
    read = r'(?:env\.\w+\(|environ\.get\(|\(env, )["\']([A-Z_]+)'
    files = ("salesai/settings.py", "salesai/gunicorn.conf.py")
    names = {name for file in files for name in re.findall(read, (settings.BASE_DIR / file).read_text())}
    table = (settings.BASE_DIR / "docs" / "operating.md").read_text()

    assert {name for name in names if f"`{name}`" not in table} == set()
    assert {"SALESAI_PRODUCTION", "DATABASE_URL", "SCHEDULE_CLEANING_OPTIONS", "PORT"} <= names


def test_a_data_folder_that_is_empty_is_one_that_is_not_set():
    print_folder = ("shell", "--command", "from django.conf import settings; print(settings.DATA_DIR)")

    said = manage(*print_folder, **SAFE, SALESAI_DATA_DIR="")

    assert f"{settings.BASE_DIR / '.salesai'}\n" in said.stdout, said.stderr


def test_a_relative_data_folder_is_the_same_one_wherever_a_command_is_run(tmp_path):
    print_folder = ("shell", "--command", "from django.conf import settings; print(settings.DATA_DIR)")

    said = manage(*print_folder, cwd=tmp_path, **SAFE, SALESAI_DATA_DIR="data")

    assert f"{settings.BASE_DIR / 'data'}\n" in said.stdout, said.stderr


@pytest.fixture
def env(monkeypatch):
    """Of a process in which nothing is set."""
    monkeypatch.setattr(Env, "ENVIRON", {})
    return Env()


def test_a_file_of_settings_is_read_with_a_byte_order_mark_too_and_need_not_be_there(env, tmp_path):
    (tmp_path / ".env").write_text("SALESAI_PRODUCTION=true\nDEBUG=false\n", encoding="utf-8-sig")

    read_file(env, tmp_path / "none")
    read_file(env, tmp_path / ".env")

    assert flag(env, "SALESAI_PRODUCTION", default=False)


def test_a_file_of_settings_that_cannot_be_read_is_not_passed_over(env, tmp_path):
    (tmp_path / "latin-1").write_bytes("SECRET_KEY=schlüssel".encode("latin-1"))

    with pytest.raises(ImproperlyConfigured, match=rf"^{tmp_path} cannot be read \(Is a directory\)\.$"):
        read_file(env, tmp_path)
    with pytest.raises(ImproperlyConfigured, match=r"latin-1 is not UTF-8 text\.$"):
        read_file(env, tmp_path / "latin-1")


@pytest.mark.parametrize(
    "line", ["SECRET_KEY = x7q", "  SECRET_KEY=x7q", "export  SECRET_KEY=x7q", "SECRET_KEY: x7q", "x7q"]
)
def test_a_line_of_settings_that_would_be_passed_over_is_told_by_its_number_and_not_by_its_text(env, tmp_path, line):
    (tmp_path / ".env").write_text(f"DEBUG=false\n{line}\n")

    with pytest.raises(ImproperlyConfigured, match=r"\.env, line 2, ") as refused:
        read_file(env, tmp_path / ".env")

    assert "x7q" not in str(refused.value)


def test_a_file_of_settings_may_have_empty_lines_and_comments_which_nobody_is_told(env, tmp_path, caplog):
    (tmp_path / ".env").write_text("# DEBUG=true\n\n \n  # SECRET_KEY = old\nexport LOG_LEVEL=info\nDEBUG=false\n")

    read_file(env, tmp_path / ".env")

    assert env.ENVIRON == {"LOG_LEVEL": "info", "DEBUG": "false"}
    assert caplog.messages == []


def test_production_does_not_start_on_the_embedded_database():
    result = manage("check", **{name: value for name, value in SAFE.items() if name != "DATABASE_URL"})

    assert result.returncode != 0
    assert "DATABASE_URL" in result.stderr


def test_production_does_not_make_a_secret_key_of_its_own():
    result = manage("check", **{name: value for name, value in SAFE.items() if name != "SECRET_KEY"})

    assert result.returncode != 0
    assert "SECRET_KEY" in result.stderr


def test_production_does_not_start_with_pages_of_errors_that_show_all():
    result = manage("check", **SAFE, DEBUG="true")

    assert result.returncode != 0
    assert result.stderr.startswith("DEBUG cannot be true in production")


def test_a_secret_key_may_begin_with_a_dollar_sign_and_is_what_it_says():
    key = "$x7" * 20
    said = manage(
        "shell", "--command", "from django.conf import settings; print(settings.SECRET_KEY)",
        **SAFE | {"SECRET_KEY": key}
    )  # fmt: skip

    assert f"{key}\n" in said.stdout, said.stderr


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        (" , ", "Set ALLOWED_HOSTS: the host names"),
        ("sales.example.com, https://sales.example.com", "ALLOWED_HOSTS lists host names, without a scheme"),
        ("sales.example.com:443", "not 'sales.example.com:443'."),
    ],
)
def test_host_names_that_no_request_could_have_are_refused(hosts, said):
    result = manage("check", **SAFE | {"ALLOWED_HOSTS": hosts})

    assert result.returncode != 0
    assert said in result.stderr


def test_lists_may_have_blanks_behind_their_commas():
    said = manage(
        "shell", "--command", "from django.conf import settings; print(settings.ALLOWED_HOSTS)",
        **SAFE | {"ALLOWED_HOSTS": "sales.example.com, [::1]", "CSRF_TRUSTED_ORIGINS": "https://a.example.com, "},
    )  # fmt: skip

    assert "['sales.example.com', '[::1]']" in said.stdout, said.stderr


def test_a_schedule_without_a_time_is_told_before_anything_runs():
    result = manage(
        "check",
        **SAFE,
        SCHEDULE_TRAINING="0 25 * * *",
        SCHEDULE_REGENERATION="0 0 30 2 *",
        SCHEDULE_CLEANING="0 6 * * * 30",
    )

    assert result.returncode != 0
    assert "SCHEDULE_TRAINING: " in result.stderr
    assert "SCHEDULE_REGENERATION: " in result.stderr
    assert "SCHEDULE_CLEANING: '0 6 * * * 30' has 6 columns instead of 5." in result.stderr
    assert "such as '0 1 * * *'" in result.stderr


def test_options_that_a_schedules_command_does_not_take_are_told_before_anything_runs():
    result = manage(
        "check", **SAFE, SCHEDULE_REGENERATION_OPTIONS="--older-than 7", SCHEDULE_CLEANING_OPTIONS="--nights 9"
    )

    assert result.returncode != 0
    assert "SCHEDULE_REGENERATION_OPTIONS: argument --older-than: '7' is no age" in result.stderr
    assert "SCHEDULE_CLEANING_OPTIONS: " in result.stderr


@pytest.mark.parametrize("option", ["--help", "--version", "--dry-run"])
def test_options_with_which_a_schedule_would_do_nothing_are_told_before_anything_runs(option):
    result = manage("check", **SAFE, SCHEDULE_CLEANING_OPTIONS=option)

    assert result.returncode != 0
    assert "SCHEDULE_CLEANING_OPTIONS: with these clean_up does nothing." in result.stderr


def test_options_of_a_schedule_are_quoted_as_in_a_shell():
    quoted = manage("check", **SAFE, SCHEDULE_REGENERATION_OPTIONS="--client 'Café Lena' --older-than 7d")
    unclosed = manage("check", **SAFE, SCHEDULE_REGENERATION_OPTIONS="--client 'Café Lena")

    assert quoted.returncode == 0, quoted.stderr
    assert "SCHEDULE_REGENERATION_OPTIONS cannot be read: No closing quotation" in unclosed.stderr


def test_what_is_neither_true_nor_false_is_no_silent_false():
    result = manage("check", **SAFE | {"SALESAI_PRODUCTION": "yes!"})

    assert result.returncode != 0
    assert "SALESAI_PRODUCTION is neither true nor false: 'yes!'" in result.stderr


@pytest.mark.parametrize("value", ["soon", "-1", "1.5"])
def test_a_number_that_is_none_is_told_by_the_name_of_its_setting(value):
    result = manage("check", **SAFE, SECURE_HSTS_SECONDS=value)

    assert result.returncode != 0
    assert f"SECURE_HSTS_SECONDS has to be a whole number of at least 0, not '{value}'." in result.stderr


@pytest.mark.parametrize("value", ["", " info "])
def test_a_log_level_is_known_in_any_spelling_and_empty_it_is_the_default(value):
    assert manage("check", **SAFE, LOG_LEVEL=value).returncode == 0


def test_a_log_level_that_is_none_is_told_by_its_name():
    result = manage("check", **SAFE, LOG_LEVEL="loud")

    assert result.stderr == "LOG_LEVEL has to be DEBUG, INFO, WARNING, ERROR or CRITICAL, not 'LOUD'.\n"


@pytest.mark.parametrize("url", ["/srv/models", "s3://", "https://bucket.s3.amazonaws.com"])
def test_a_place_for_models_that_is_no_bucket_is_told_by_its_name(url):
    result = manage("check", **SAFE, MODELS_URL=url)

    assert result.stderr == f"MODELS_URL has to be s3://bucket or s3://bucket/folder, not '{url}'.\n"


def test_without_a_proxy_cookies_are_sent_over_http_and_the_deployment_check_says_so():
    result = manage("check", "--deploy", "--fail-level", "WARNING", **SAFE, SECURE_SSL_REDIRECT="false")

    assert "SECURE_SSL_REDIRECT setting is not set to True" in result.stderr
    assert "SESSION_COOKIE_SECURE" in result.stderr
    assert "CSRF_COOKIE_SECURE" in result.stderr


def test_no_change_of_a_model_is_without_its_migration():
    result = manage("makemigrations", "--check", "--dry-run")

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("address", ["mysql://sales:secret@db/sales", "postgres://sales:se/cret@db/sales", "db", " "])
def test_another_database_than_postgresql_is_refused(address):
    result = manage("check", **SAFE | {"DATABASE_URL": address})

    assert result.returncode != 0
    assert "DATABASE_URL has to name a PostgreSQL server" in result.stderr


def databases(address: str) -> dict:
    """What Django is told of the database at that address."""
    show = "import json; from django.conf import settings; print(json.dumps(settings.DATABASES['default']))"
    said = manage("shell", "--no-imports", "--command", show, **SAFE | {"DATABASE_URL": address})
    return json.loads(said.stdout)


def test_an_address_of_a_database_may_have_blanks_around_it():
    found = databases(" postgres://sales:secret@db.example.com/sales ")

    assert (found["HOST"], found["NAME"], found["PASSWORD"]) == ("db.example.com", "sales", "secret")


def test_a_database_may_be_reached_by_a_socket_in_a_folder_as_postgresql_writes_it():
    found = databases("postgres://sales:secret@%2Fsrv%2FPostgreSQL:5433/sales")

    assert (found["HOST"], found["PORT"], found["NAME"]) == ("/srv/PostgreSQL", 5433, "sales")


def test_how_long_connections_are_kept_may_be_said_with_the_address_of_the_database():
    address = SAFE["DATABASE_URL"]

    ages = [databases(f"{address}{options}")["CONN_MAX_AGE"] for options in ("", "?conn_max_age=0")]

    assert ages == [600, 0]


def test_the_log_has_the_address_that_the_proxy_saw_and_not_what_the_caller_says(client, settings, caplog):
    settings.PRODUCTION = True

    client.get("/healthz", headers={"x-forwarded-for": "6.6.6.6, 203.0.113.9"})

    assert caplog.records[-1].msg["ip"] == "203.0.113.9"


def test_without_a_proxy_the_log_has_the_callers_own_address(client, caplog):
    client.get("/healthz", headers={"x-forwarded-for": "6.6.6.6"})

    assert caplog.records[-1].msg["ip"] == "127.0.0.1"
