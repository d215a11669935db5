import pghistory
import structlog
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from activities.ids import is_activity_id
from activities.models import ApiKey


class ApiKeyAuthentication(BaseAuthentication):
    """A key in the `api-key` header, or the same as a bearer token; the key is the request's user."""

    def authenticate(self, request: Request) -> tuple[ApiKey, None] | None:
        token = self.token(request)
        if token is None:
            return None
        key = self.find(token, request)
        if key is None:
            raise AuthenticationFailed("This API key is not valid, or has been revoked.")
        key.note_use()
        pghistory.context(key=key.pk)
        structlog.contextvars.bind_contextvars(key=key.prefix)
        return key, None

    def find(self, token: str, request: Request) -> ApiKey | None:
        return ApiKey.objects.find(token)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    @staticmethod
    def token(request: Request) -> str | None:
        if "HTTP_API_KEY" in request.META:
            return request.META["HTTP_API_KEY"]
        scheme, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None


class KeyWithDocument(ApiKeyAuthentication):
    """Where one activity is read: it comes with the key, as the key's `document`, in one statement instead of two."""

    def find(self, token: str, request: Request) -> ApiKey | None:
        pk = request.parser_context["kwargs"]["pk"]
        return ApiKey.objects.find_with_document(token, pk if is_activity_id(pk) else "")
