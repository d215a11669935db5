"""Strong entity tags (RFC 9110, sections 8.8.3 and 13.1)."""

import hashlib

from django.utils.http import parse_etags
from rest_framework.request import Request

from activities.errors import StaleETag
from activities.reading import document_text


def etag_of(document: str) -> str:
    """Of the document's own text, so that it changes with every change, whoever makes it."""
    return f'"{hashlib.sha256(document.encode()).hexdigest()[:32]}"'


def refuse_stale(request: Request, pk: str) -> None:
    """Raises StaleETag where `If-Match` is given and names neither the tag of the activity as it is stored nor `*`."""
    expected = request.headers.get("If-Match")
    if expected is not None and not {"*", etag_of(document_text(pk))} & set(parse_etags(expected)):
        raise StaleETag


def is_unchanged(request: Request, etag: str) -> bool:
    """Whether `If-None-Match` names `etag`; a weak tag counts as its strong one here."""
    known = {tag.removeprefix("W/") for tag in parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))}
    return bool({"*", etag} & known)
