import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from django.conf import settings

PROJECT = Path(__file__).resolve().parent.parent
OF_THE_IMAGE = {"SALESAI_PRODUCTION", "SALESAI_DATA_DIR", "PORT", "DEBUG"}
COMPOSE_FILES = ("docker-compose.yml", "compose.cluster.yaml")


def compose_file(name: str) -> dict:
    return yaml.safe_load((PROJECT / name).read_text())


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_a_compose_file_is_valid_against_the_compose_specification(name: str) -> None:
    schema = json.loads((PROJECT / "tests" / "compose-spec.json").read_text())

    jsonschema.Draft7Validator(schema).validate(compose_file(name))


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_a_setting_of_the_operators_table_reaches_the_container_of_the_web_server(name: str) -> None:
    rows = re.findall(r"^\| (`[A-Z].*?) \|", (PROJECT / "docs" / "operating.md").read_text(), re.MULTILINE)
    in_table = set(re.findall(r"`([A-Z_]+)`", " ".join(rows)))

    assert in_table - OF_THE_IMAGE <= compose_file(name)["services"]["web"]["environment"].keys()
    assert {"LOG_JSON", "SECURE_HSTS_PRELOAD"} | OF_THE_IMAGE <= in_table


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_the_web_server_is_reached_from_its_own_machine_alone_unless_an_address_is_set(name: str) -> None:
    """It believes what a proxy says of the caller."""
    assert compose_file(name)["services"]["web"]["ports"] == ["${WEB_ADDRESS:-127.0.0.1}:${PORT:-8000}:8000"]


def test_the_example_of_settings_lets_a_demo_in_the_same_folder_answer() -> None:
    """Which reads them too, and tells people to look at 127.0.0.1."""
    [hosts] = re.findall(r"^ALLOWED_HOSTS=(.*)$", (PROJECT / ".env.example").read_text(), re.MULTILINE)

    assert {"localhost", "127.0.0.1"} <= set(hosts.split(","))


def test_workers_of_all_machines_keep_the_same_schedules() -> None:
    first, others = (
        {
            name: value
            for name, value in compose_file(each)["services"]["worker"]["environment"].items()
            if "SCHEDULE" in name
        }
        for each in COMPOSE_FILES
    )

    assert first == others
    assert {f"SCHEDULE_{name.upper()}" for name in settings.SCHEDULES} <= first.keys()


def test_workers_of_dask_find_the_scheduler_by_an_address_that_their_network_knows() -> None:
    """On the network of the machine no service has a name."""
    services = compose_file("compose.cluster.yaml")["services"]
    dask = services["dask"]

    assert dask["network_mode"] == "host"
    assert not any(f"//{service}:" in argument for argument in dask["command"] for service in services)


def test_workers_of_dask_listen_at_the_address_of_their_machine_that_is_given_alone() -> None:
    """By themselves they do at all of them, and whoever reaches them can run programs there."""
    command = compose_file("compose.cluster.yaml")["services"]["dask"]["command"]
    listen_at = {option: command[command.index(option) + 1] for option in ("--host", "--dashboard-address")}

    assert listen_at == {
        "--host": "${WORKER_ADDRESS:-${PRIVATE_ADDRESS:-127.0.0.1}}",
        "--dashboard-address": "127.0.0.1:0",
    }
