import json
from pathlib import Path

import jsonschema
import yaml

PROJECT = Path(__file__).resolve().parent.parent


def test_the_compose_file_is_valid_against_the_compose_specification() -> None:
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    schema = json.loads((PROJECT / "tests" / "compose-spec.json").read_text())

    jsonschema.Draft7Validator(schema).validate(compose)
