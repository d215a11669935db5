"""One line in the log for each request, under an id that its other lines and the answer carry.

django-structlog does as much; it took .05 ms of the .5 that reading an activity takes.
"""

import logging
import uuid
from ipaddress import ip_address

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from salesai.middleware import GetResponse

logger = structlog.get_logger(__name__)


def log_requests(get_response: GetResponse) -> GetResponse:
    """Send back, as `X-Request-Id`, the id under which the request stands in the log."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request_id = str(uuid.uuid4())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id, ip=address_of(request))
        response = get_response(request)
        response["X-Request-Id"] = request_id
        asked = {"request": f"{request.method} {request.get_full_path()}", "code": response.status_code}
        logger.log(level_of(response), "request_finished", **asked, **who_asked(request))
        return response

    return middleware


def address_of(request: HttpRequest) -> str | None:
    """The caller's IP address, which failed logins are counted by as well.

    Behind a proxy it is what the proxy added to `X-Forwarded-For`, at its end; what stands before
    that came with the request, and may be anything.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.PRODUCTION else ""
    added = forwarded.rpartition(",")[2].strip()
    return added if is_ip_address(added) else request.META.get("REMOTE_ADDR") or None


def is_ip_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def level_of(response: HttpResponse) -> int:
    if response.status_code >= 500:
        return logging.ERROR
    return logging.WARNING if response.status_code >= 400 else logging.INFO


def who_asked(request: HttpRequest) -> dict[str, int | None]:
    """The admin's user; a tool's key is on all lines since it was recognised (`ApiKeyAuthentication`)."""
    # As Django's middleware keeps it: `request.user` would ask a database that may be why the page failed.
    user = getattr(request, "_cached_user", None)
    return {} if user is None else {"user_id": user.pk}
