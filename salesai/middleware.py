"""What every answer of the project carries."""

from collections.abc import Callable

import structlog
from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


def answer_request_id(get_response: GetResponse) -> GetResponse:
    """Send back the id under which the request stands in the log, as `X-Request-Id`."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["X-Request-Id"] = structlog.contextvars.get_contextvars()["request_id"]
        return response

    return middleware


def loosen_csp_for_admin(get_response: GetResponse) -> GetResponse:
    """Allow under the admin alone what its theme needs: Alpine evaluates, and styles stand inline."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.resolver_match and request.resolver_match.app_name == "admin":
            response._csp_update = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
        return response

    return middleware
