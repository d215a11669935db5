"""Reading request bodies, strictly."""

from typing import Any

import orjson
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from activities.errors import BodyTooLarge

MAX_BODY_BYTES = 1024 * 1024
MAX_NESTING = 32
ESCAPED_NUL = rb"\u0000"


class StrictJSONParser(BaseParser):
    """RFC 8259 in UTF-8: no NaN, Infinity, NUL or lone surrogates; of a repeated key the last counts."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: dict | None = None) -> Any:
        """Raises:
        BodyTooLarge: the body is over 1 MiB.
        UnsupportedMediaType: the body is compressed.
        ParseError: it is no JSON, or more than the API takes.
        """
        encoding = parser_context["request"].headers.get("Content-Encoding", "identity")
        if encoding != "identity":
            raise UnsupportedMediaType(f"{media_type} in {encoding}", "Send the body without Content-Encoding.")
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from error
        if is_too_deep(data):
            raise ParseError(f"The body is nested more than {MAX_NESTING} deep.")
        # A NUL has to be escaped in JSON: most bodies need no walk over every text.
        if ESCAPED_NUL in body and holds_nul(data):
            raise ParseError("The body holds a NUL character (\\u0000), which PostgreSQL cannot hold; leave it out.")
        return data


class MergePatchParser(StrictJSONParser):
    media_type = "application/merge-patch+json"


def body_of(request: Request) -> Any:
    """The body, parsed. Raises ParseError where there is none, or one that does not say how long it is."""
    if request.stream is None:
        raise ParseError("Send a JSON object as the body, with its Content-Length.")
    return request.data


def refuse_bad_body(request: Request) -> None:
    """Where none is needed: one that is sent is read all the same, and means nothing. Raises as StrictJSONParser."""
    _ = request.data


def is_too_deep(data: Any) -> bool:
    """Whether objects and arrays stand in one another more than MAX_NESTING deep."""
    level = [data] if isinstance(data, (dict, list)) else []
    for _ in range(MAX_NESTING):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
    return bool(level)


def holds_nul(data: Any) -> bool:
    match data:
        case str():
            return "\0" in data
        case list():
            return any(map(holds_nul, data))
        case dict():
            return any(map(holds_nul, data)) or any(map(holds_nul, data.values()))
    return False
