"""Strong entity tags (RFC 9110, sections 8.8.3 and 13.1)."""

import hashlib

import orjson
from django.utils.http import parse_etags
from rest_framework.request import Request

from activities.errors import StaleETag


def etag_of(document: dict) -> str:
    """Of the document itself, so that it changes with every change, whoever makes it."""
    return f'"{hashlib.sha256(orjson.dumps(document)).hexdigest()[:32]}"'


def refuse_stale(request: Request, etag: str) -> None:
    """Raises StaleETag where `If-Match` is given and names neither `etag` nor `*`."""
    expected = request.headers.get("If-Match")
    if expected is not None and not {"*", etag} & set(parse_etags(expected)):
        raise StaleETag


def is_unchanged(request: Request, etag: str) -> bool:
    """Whether `If-None-Match` names `etag`; a weak tag counts as its strong one here."""
    known = {tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))}
    return bool({"*", etag} & known)
