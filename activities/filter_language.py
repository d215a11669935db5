"""The `filter` parameter: a JSON object to conditions on columns and JSONB sections.

What a path may name, and the type of what it names, is read from the contract's own schemas.
Values and JSON paths go to PostgreSQL as parameters; no SQL is built from what a caller sends.
"""

import json
from dataclasses import dataclass
from typing import Any

import orjson
from django.db.models import BooleanField, F, Func, JSONField, Q, TextField, Value

from activities import contract
from activities.dates import parse_time
from activities.documents import FIELDS
from activities.parsers import MAX_NESTING, is_too_deep

MAX_LEVELS = 5
MAX_COMPARISONS = 50
MAX_IN_VALUES = 100

PLAIN = ("_id", "client", "rep", "activityType", "status", "processingTime", "createdAt", "updatedAt")
COLUMNS = {name: FIELDS[name] for name in PLAIN}
SECTIONS = {name: column for name, column in FIELDS.items() if name not in PLAIN}
# Held in columns of their own, so that they can be read from an index.
GENERATED = {
    "aiModel.confidence": ("confidence", "number"),
    "accuracy.estimated": ("estimated_accuracy", "number"),
    "feedback.userRating": ("user_rating", "integer"),
}
# These the contract describes in full where they are sent, and only as objects where they are shown.
DESCRIBED_ELSEWHERE = {"inputData": "InputData", "feedback": "Feedback"}
COMPARE = {"$gt": (">", "gt"), "$gte": (">=", "gte"), "$lt": ("<", "lt"), "$lte": ("<=", "lte")}
OPERATORS = ("$eq", "$ne", "$in", "$nin", *COMPARE, "$exists")
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "integer": (int, float),
    "boolean": bool,
}


class FilterError(ValueError):
    """The filter is none; the message says which part, and what would be right."""


def parse_filter(text: str) -> Q:
    """Raises FilterError for anything that the contract does not allow."""
    try:
        wanted = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise FilterError(f"Not valid JSON: {error}.") from error
    if not isinstance(wanted, dict):
        raise FilterError("Not a JSON object.")
    if is_too_deep(wanted):
        raise FilterError(f"Nested more than {MAX_NESTING} deep.")
    return Parser().conditions(wanted, level=1)


class JsonPathTest(Func):
    """A jsonpath predicate on a JSONB column, lax: a path through an array means any element.

    PostgreSQL documentation, 9.16.2 "The SQL/JSON Path Language".
    """

    output_field = BooleanField()

    def __init__(self, function: str, column: str, path: str, value: Any = None):
        jsonpath = Func(Value(path), template="%(expressions)s::jsonpath", output_field=TextField())
        super().__init__(F(column), jsonpath, Value({"v": value}, JSONField()), Value(True), function=function)


class JsonPathHolds(Func):
    """Whether a path holds one of some values: as JsonPathTest, in the form that a GIN index answers.

    They stand in the path, where `json.dumps` writes nothing that ends a literal of jsonpath.
    """

    output_field = BooleanField()
    conditional = True
    template = "(%(expressions)s::jsonpath)"
    arg_joiner = " @? "

    def __init__(self, column: str, path: str, values: list[Any]):
        either = " || ".join(f"@ == {json.dumps(value)}" for value in values)
        super().__init__(F(column), Value(f"{path} ? ({either})"))


@dataclass(frozen=True, slots=True)
class Field:
    """A field that can be compared: a column, or a path into a JSONB column.

    `types`: what its values may be; empty for one of free form.
    """

    name: str
    column: str
    path: tuple[str, ...]
    schema: dict[str, Any]

    @property
    def types(self) -> tuple[str, ...]:
        return types_of(self.schema)

    def equals(self, value: Any) -> Q:
        if not self.path and value is None:
            return Q(**{f"{self.column}__isnull": True})
        if not self.path:
            is_possible = self.types != ("integer",) or value == int(value)
            return self.holds("exact", value) if is_possible else NOTHING
        if value is None:
            return self.lacks()
        return Q(JsonPathHolds(self.column, self.json_path, [value]))

    def is_any_of(self, values: list[Any]) -> Q:
        """One question to a section for all values, as each reads the whole of it."""
        together = [value for value in values if value is not None] if self.path else []
        found = [self.equals(value) for value in values if not self.path or value is None]
        return any_of([*found, Q(JsonPathHolds(self.column, self.json_path, together))] if together else found)

    def compares(self, operator: str, value: Any) -> Q:
        symbol, lookup = COMPARE[operator]
        if not self.path:
            return self.holds(lookup, value)
        return self.where("jsonb_path_exists", f"{self.json_path} ? (@ {symbol} $v)", value)

    def holds(self, lookup: str, value: Any) -> Q:
        """False where the column is null; of generated ones Django does not know that they can be."""
        compared = Q(**{f"{self.column}__{lookup}": self.stored(value)})
        return Q(**{f"{self.column}__isnull": False}) & compared if self.name in GENERATED else compared

    def exists(self) -> Q:
        """Of an array any element that is not null will do, and so does an empty one."""
        if not self.path:
            return Q(**{f"{self.column}__isnull": False})
        holds_null = self.where("jsonb_path_exists", f"{self.json_path} ? (@ == null)")
        holds_other = self.where("jsonb_path_exists", f"{self.json_path} ? (@ != null)")
        return holds_other | self.where("jsonb_path_exists", self.json_path) & ~holds_null

    def lacks(self) -> Q:
        """Null, or missing: in the section, or in any element of an array on the way."""
        found = self.where("jsonb_path_exists", f"{self.json_path} ? (@ == null)")
        found |= ~self.where("jsonb_path_exists", "$[*]")  # recommendations of which there are none
        # Whatever is nested deeper than documents are is missing long before.
        for depth, step in enumerate(map(json.dumps, self.path[:MAX_NESTING]), 1):
            holder, elements = json_path_of(self.path[: depth - 1]), "[*]" * (depth < len(self.path))
            found |= self.where("jsonb_path_exists", f"{holder}[*] ? (!exists(@.{step}{elements}))")
        return found

    def where(self, function: str, path: str, value: Any = None) -> Q:
        return Q(JsonPathTest(function, self.column, path, value))

    @property
    def json_path(self) -> str:
        return json_path_of(self.path)

    def stored(self, value: Any) -> Any:
        return parse_time(value) if self.schema.get("format") == "date-time" else value


def json_path_of(steps: tuple[str, ...]) -> str:
    return "$" + "".join(f".{json.dumps(step)}" for step in steps)


class Parser:
    """Counts what the contract limits while it walks the filter."""

    def __init__(self) -> None:
        self.comparisons = 0

    def conditions(self, wanted: Any, level: int) -> Q:
        if not isinstance(wanted, dict):
            raise FilterError(f"{shown(wanted)} stands where an object of conditions belongs.")
        if level > MAX_LEVELS:
            raise FilterError(f"More than {MAX_LEVELS} levels of $and, $or and $not.")
        found = Q()
        for key, value in wanted.items():
            found &= self.condition(key, value, level)
        return found

    def condition(self, key: str, value: Any, level: int) -> Q:
        match key:
            case "$and" | "$or":
                if not isinstance(value, list):
                    raise FilterError(f"{key} takes an array of objects.")
                parts = [self.conditions(part, level + 1) for part in value]
                return all_of(parts) if key == "$and" else any_of(parts)
            case "$not":
                return ~certain(self.conditions(value, level + 1))
        field = field_named(key)
        if not isinstance(value, dict):
            return self.comparison(field, "$eq", value)
        if not value:
            raise FilterError(f"{key}: an object of operators is empty; there are {', '.join(OPERATORS)}.")
        return all_of([self.comparison(field, operator, operand) for operator, operand in value.items()])

    def comparison(self, field: Field, operator: str, operand: Any) -> Q:
        self.comparisons += 1
        if self.comparisons > MAX_COMPARISONS:
            raise FilterError(f"More than {MAX_COMPARISONS} comparisons.")
        match operator:
            case "$eq" | "$ne":
                check_value(field, operand)
                found = field.equals(operand)
                return found if operator == "$eq" else ~found
            case "$in" | "$nin":
                if not isinstance(operand, list) or len(operand) > MAX_IN_VALUES:
                    raise FilterError(f"{field.name}: {operator} takes an array of at most {MAX_IN_VALUES} values.")
                for value in operand:
                    check_value(field, value)
                found = field.is_any_of(operand)
                return found if operator == "$in" else ~found
            case "$gt" | "$gte" | "$lt" | "$lte":
                if operand is None or isinstance(operand, bool):
                    raise FilterError(f"{field.name}: {operator} takes a number or a text.")
                check_value(field, operand)
                return field.compares(operator, operand)
            case "$exists":
                if not isinstance(operand, bool):
                    raise FilterError(f"{field.name}: $exists takes true or false.")
                return field.exists() if operand else ~field.exists()
        raise FilterError(f"{field.name}: there is no operator {operator}; there are {', '.join(OPERATORS)}.")


def certain(condition: Q) -> Q:
    """Django negates `Q()`, which holds always, to itself."""
    return condition if condition else EVERYTHING


EVERYTHING = Q(pk__isnull=False)
NOTHING = ~EVERYTHING


def all_of(parts: list[Q]) -> Q:
    found = Q()
    for part in parts:
        found &= part
    return found


def any_of(parts: list[Q]) -> Q:
    if not parts:
        return NOTHING
    found = certain(parts[0])
    for part in parts[1:]:
        found |= certain(part)
    return found


def field_named(name: str) -> Field:
    """Raises FilterError for a path that no activity has."""
    if "\0" in name:
        raise FilterError(f"There is no field {shown(name)}.")
    first, *path = name.split(".")
    if first in COLUMNS and not path:
        return Field(name, COLUMNS[first], (), resolved(activity_schema()["properties"][first]))
    if name in GENERATED:
        column, kind = GENERATED[name]
        return Field(name, column, (), {"type": kind})
    if first in SECTIONS and all(path):
        schema = resolved(activity_schema()["properties"][first])
        if first in DESCRIBED_ELSEWHERE:
            schema = contract.document()["components"]["schemas"][DESCRIBED_ELSEWHERE[first]]
        for step in path:
            schema = below(schema, step)
            if schema is None:
                raise FilterError(f"There is no field {shown(name)}.")
        if path:
            return Field(name, SECTIONS[first], tuple(path), schema)
        return Field(name, SECTIONS[first], (), {"type": ()})
    raise FilterError(f"There is no field {shown(name)}.")


def activity_schema() -> dict[str, Any]:
    return contract.document()["components"]["schemas"]["Activity"]


def below(schema: dict[str, Any], step: str) -> dict[str, Any] | None:
    """The schema of a property, through an array; {} where anything may stand; None where nothing can."""
    schema = resolved(schema)
    if "items" in schema:
        return below(schema["items"], step)
    if step in schema.get("properties", ()):
        return resolved(schema["properties"][step])
    is_open = "properties" not in schema and "object" in str(schema.get("type", "object"))
    return {} if is_open else None


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return contract.document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def types_of(schema: dict[str, Any]) -> tuple[str, ...]:
    kinds = schema.get("type", ())
    return tuple(kind for kind in ((kinds,) if isinstance(kinds, str) else kinds) if kind != "null")


def check_value(field: Field, value: Any) -> None:
    """Raises FilterError for a value that the field can never have."""
    if isinstance(value, (dict, list)):
        raise FilterError(f"{field.name}: {shown(value)} is no single value.")
    if isinstance(value, str) and "\0" in value:
        raise FilterError(f"{field.name}: leave out the NUL character.")
    if value is None:
        return
    schema = field.schema
    if "items" in schema:
        schema = resolved(schema["items"])
    kinds = types_of(schema)
    if not schema and field.path:
        return
    if not any(is_of(kind, value) for kind in kinds):
        raise FilterError(f"{field.name}: {shown(value)} is no {' or '.join(kinds) or 'value it can have'}.")
    if value not in schema.get("enum", [value]):
        raise FilterError(f"{field.name}: {shown(value)} is none of {', '.join(schema['enum'])}.")
    if not field.path and schema.get("format") == "date-time":
        check_time(field, value)


def check_time(field: Field, value: str) -> None:
    try:
        parse_time(value)
    except ValueError as error:
        raise FilterError(f"{field.name}: {shown(value)} is no date and time in ISO 8601.") from error


def is_of(kind: str, value: Any) -> bool:
    return kind in TYPES and isinstance(value, TYPES[kind]) and (kind == "boolean") == isinstance(value, bool)


def shown(value: Any) -> str:
    return contract.shortened(json.dumps(value, ensure_ascii=False), limit=80)
