"""One place that turns what went wrong into an answer: the error envelope of the contract."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.response import Response

from activities.renderers import json_response
from recommender.errors import DamagedArtifactError, NoModelError
from salesai.database_errors import is_out_of_reach
from salesai.middleware import ADMIN

logger = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = 5
BROKEN = "Something went wrong on the server; the log has the details."
UNABLE = "The database cannot do this now, and nothing was changed. Try again in a moment; the log has the cause."


class BodyTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = "The body is over 1 MiB. Send less at a time."


class Conflict(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class StaleETag(exceptions.APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "stale_etag"
    default_detail = "The activity has changed since it was read. Read it again and repeat the change."


class Unavailable(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = "The database is out of reach. Try again in a moment."
    wait = RETRY_AFTER_SECONDS


class GenerationFailed(exceptions.APIException):
    default_code = "generation_failed"


def envelope(message: str, code: str, details: dict[str, list[str]] | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {"success": False, "error": message, "code": code}
    return body | ({"details": details} if details else {})


def answer_exception(exception: Exception, context: dict) -> Response:
    """DRF's EXCEPTION_HANDLER: every exception of an API view becomes an envelope, a fault of ours too."""
    error = as_api_exception(exception)
    if error is None:
        logger.error("request_failed", exc_info=exception)
        got_request_exception.send(sender=None, request=context["request"])
        error = exceptions.APIException(BROKEN, "server_error")
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None):
        headers["Retry-After"] = f"{error.wait:.0f}"
    return Response(error_body(error), status=error.status_code, headers=headers)


def as_api_exception(exception: Exception) -> exceptions.APIException | None:
    match exception:
        case exceptions.APIException():
            return exception
        case Http404():
            return exceptions.NotFound("There is no such thing here. Check the id.")
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case SuspiciousOperation():
            return exceptions.ParseError(f"The request could not be understood: {exception}")
        case NoModelError():
            return Unavailable(str(exception), "no_model")
        case DamagedArtifactError():
            logger.error("model_damaged", error=str(exception))
            return Unavailable(
                "The model's files cannot be used; those who run the service find in the log what is to be done.",
                "model_damaged",
            )
        case OperationalError() | InterfaceError():
            logger.warning("database_unavailable", error=str(exception))
            return Unavailable() if is_out_of_reach(exception) else Unavailable(UNABLE)
    return None


def error_body(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        details = error.detail
        first = next(iter(details))
        message = f"{first}: {details[first][0]}" if first else str(details[first][0])
        more = sum(len(messages) for messages in details.values()) - 1
        return envelope(message + (f" (and {more} more)" if more else ""), "validation_error", details)
    return envelope(str(error.detail), error.detail.code)


def json_answer(status_code: int, message: str, code: str) -> HttpResponse:
    return json_response(envelope(message, code), status_code)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return json_answer(400, "The request could not be understood.", "bad_request")


def for_reading(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """As Django's `require_safe`, with the API's envelope for whatever is no GET or HEAD."""

    @csrf_exempt  # else Django's own page would answer a POST
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return view(request, *args, **options)
        refusal = exceptions.MethodNotAllowed(request.method)
        return json_response(error_body(refusal), refusal.status_code, {"Allow": "GET, HEAD"})

    return answer


@csrf_exempt  # else Django's own page would answer a POST
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if request.path_info.startswith(ADMIN):
        return defaults.page_not_found(request, exception or Http404())
    return json_answer(404, f"There is nothing at {request.path}. GET /docs lists the paths.", "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith(ADMIN):
        return defaults.server_error(request)
    return json_answer(500, BROKEN, "server_error")
