"""What every answer of the project carries."""

from collections.abc import Callable
from http import HTTPStatus

from csp import middleware as csp
from csp.constants import HEADER, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

ADMIN = "/admin/"
PROBES = ("/healthz", "/readyz")  # which call a server by its address
POLICY_OF_DATA = "default-src 'none'; frame-ancestors 'none'"


def add_length(get_response: GetResponse) -> GetResponse:
    """Say how long the body is: without that it goes in chunks, several packets for one.

    Django's CommonMiddleware, which does it as well, would turn away probes that call a server by its address.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.streaming and response.status_code != HTTPStatus.NOT_MODIFIED:
            response["Content-Length"] = len(response.content)
        return response

    return middleware


def refuse_other_hosts(get_response: GetResponse) -> GetResponse:
    """Answer 400 (`handler400`) where a request names another host than those of ALLOWED_HOSTS."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info not in PROBES:
            request.get_host()
        return get_response(request)

    return middleware


class CSPMiddleware(csp.CSPMiddleware):
    """The policy of the settings for pages; data loads nothing and stands in no frame, should a browser show it."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if not response.get("Content-Type", "").startswith("text/html"):
            response[HEADER] = POLICY_OF_DATA
            return response
        if request.resolver_match and request.resolver_match.app_name == "admin":
            # What the admin's theme needs: Alpine evaluates, and styles stand inline.
            response._csp_update = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
        return super().process_response(request, response)


class OfAdmin:
    """Mixed into a middleware of which the admin alone has need: the API's callers have keys, and no session."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return super().__call__(request) if request.path_info.startswith(ADMIN) else self.get_response(request)


class SessionMiddleware(OfAdmin, sessions.SessionMiddleware):
    """Who is at the browser."""


class AuthenticationMiddleware(OfAdmin, auth.AuthenticationMiddleware):
    """Which user that is."""


class MessageMiddleware(OfAdmin, messages.MessageMiddleware):
    """What the next page is to tell."""
