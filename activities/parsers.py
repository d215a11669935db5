"""Reading request bodies, strictly."""

from typing import Any

import orjson
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from activities.errors import BodyTooLarge

MAX_BODY_BYTES = 1024 * 1024
MAX_NESTING = 32


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
        refuse_what_cannot_be_stored(data)
        return data


class MergePatchParser(StrictJSONParser):
    media_type = "application/merge-patch+json"


def refuse_what_cannot_be_stored(data: Any, depth: int = 1) -> None:
    """Raises ParseError for deep nesting and for NUL, which PostgreSQL cannot hold."""
    if depth > MAX_NESTING:
        raise ParseError(f"The body is nested more than {MAX_NESTING} deep.")
    match data:
        case str() if "\0" in data:
            raise ParseError("The body holds a NUL character (\\u0000); leave it out.")
        case list():
            for item in data:
                refuse_what_cannot_be_stored(item, depth + isinstance(item, (dict, list)))
        case dict():
            for key, value in data.items():
                refuse_what_cannot_be_stored(key, depth)
                refuse_what_cannot_be_stored(value, depth + isinstance(value, (dict, list)))
