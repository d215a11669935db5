"""The wire contract, `openapi.yaml`: what bodies and query parameters are checked against.

Nothing here repeats the contract. What DESIGN calls the inputs that take effect is added to its
schemas from `inputs.yaml`, so that one pass names every fault of a body by its path.
"""

import re
from collections.abc import Iterable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from jsonschema_rs import Draft202012Validator, ValidationError
from rest_framework import exceptions

from activities.dates import is_day_or_time, is_time
from recommender.bounds import FIRST_YEAR, LAST_YEAR

FORMATS = {"date-time": is_time, "day-or-time": is_day_or_time}
INTEGER = re.compile(r"-?[0-9]{1,4000}")  # Python reads no more digits


@cache
def document() -> dict[str, Any]:
    """The contract as it is served."""
    return yaml.safe_load((settings.BASE_DIR / "openapi.yaml").read_text())


@cache
def schemas() -> dict[str, Any]:
    """What a validator's references are resolved against: the contract's components with our inputs."""
    inputs = yaml.safe_load((Path(__file__).parent / "inputs.yaml").read_text())
    components = deepcopy(document()["components"])
    sections = components["schemas"]["InputData"]["properties"] | components["schemas"]["AiModelInput"]["properties"]
    for section in ("clientPreferences", "marketData", "inventoryLevels", "parameters"):
        sections[section]["allOf"] = [inputs[section]]
    return {"components": components, "$defs": inputs["$defs"]}


@cache
def validator(schema: str) -> Draft202012Validator:
    """The validator of the schema at a JSON pointer, such as `#/components/schemas/ActivityInput`."""
    return Draft202012Validator({"$ref": schema, **schemas()}, formats=FORMATS, validate_formats=True)


@cache
def body_validator(path: str, method: str) -> Draft202012Validator:
    """The validator of the JSON body of an operation that defines its schema in place."""
    body = document()["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator(body | schemas(), formats=FORMATS, validate_formats=True)


def check(validator: Draft202012Validator, data: Any) -> None:
    """Raises a DRF ValidationError whose detail maps the path of each fault to its messages."""
    if faults := faults_of(validator, data):
        raise exceptions.ValidationError(faults)


def faults_of(validator: Draft202012Validator, data: Any) -> dict[str, list[str]]:
    """Path to messages; {} where nothing is wrong."""
    return faults_by_path(validator.iter_errors(data))


def faults_by_path(errors: Iterable[ValidationError]) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    for error in errors:
        for path, message in described(error):
            messages = faults.setdefault(path, [])
            if message not in messages:
                messages.append(message)
    return faults


def described(error: ValidationError) -> list[tuple[str, str]]:
    """(path, message) of each field that an error is about."""
    path = list(error.instance_path)
    match error.kind.name:
        case "required":
            return [(dotted([*path, error.kind.property]), "This field is required.")]
        case "additionalProperties":
            advice = "There is no such field. " + (
                "What is to be kept with the activity goes in `metadata`." if not path else "Leave it out."
            )
            return [(dotted([*path, name]), advice) for name in error.kind.unexpected]
        case "format":
            return [(dotted(path), FORMAT_ADVICE[error.kind.format])]
        case "pattern":
            return [(dotted(path), f"Not of the form {error.kind.pattern}.")]
    return [(dotted(path), as_sentence(error.message))]


FORMAT_ADVICE = {
    "date-time": "Not a date and time in ISO 8601, such as 2026-03-01T09:30:00Z.",
    "day-or-time": (
        f"Not a date, or date and time, of {FIRST_YEAR} to {LAST_YEAR} in ISO 8601, "
        "such as 2026-03-01 or 2026-03-01T09:30:00Z."
    ),
}


def as_sentence(message: str) -> str:
    text = shortened(message)
    return text[0].upper() + text[1:] + "."


def shortened(text: str, limit: int = 300) -> str:
    """A message quotes what was sent; that may be long."""
    return text if len(text) <= limit else f"{text[: limit // 2]} … {text[-limit // 2 :]}"


def dotted(path: Iterable[str | int]) -> str:
    """`["items", 3, "quantity"]` as `items[3].quantity`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


@cache
def query_parameters(path: str) -> dict[str, tuple[dict[str, Any], Draft202012Validator]]:
    """Name to schema and validator of each query parameter of a path's GET."""
    found = {}
    for parameter in document()["paths"][path]["get"]["parameters"]:
        schema = parameter["schema"]
        if "$ref" in schema:
            schema = document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        found[parameter["name"]] = schema, Draft202012Validator(schema, formats=FORMATS, validate_formats=True)
    return found


def check_query(path: str, given: dict[str, str]) -> dict[str, Any]:
    """The query parameters of a path's GET, checked, integers as such, defaults filled in.

    Raises a DRF ValidationError that names every unknown parameter and every bad value.
    """
    known = query_parameters(path)
    faults = {name: [f"There is no such parameter. There are: {', '.join(known)}."] for name in given.keys() - known}
    values = {name: schema["default"] for name, (schema, _) in known.items() if "default" in schema}
    for name in given.keys() & known.keys():
        schema, checker = known[name]
        value = int(given[name]) if schema["type"] == "integer" and INTEGER.fullmatch(given[name]) else given[name]
        if messages := faults_by_path(checker.iter_errors(value)).get(""):
            faults[name] = messages
        values[name] = value
    if faults:
        raise exceptions.ValidationError(dict(sorted(faults.items())))
    return values
