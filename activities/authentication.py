import pghistory
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from activities.models import ApiKey


class ApiKeyAuthentication(BaseAuthentication):
    """A key in the `api-key` header, or the same as a bearer token; the key is the request's user."""

    def authenticate(self, request: Request) -> tuple[ApiKey, None] | None:
        token = self.token(request)
        if token is None:
            return None
        key = ApiKey.objects.find(token)
        if key is None:
            raise AuthenticationFailed("This API key is not valid, or has been revoked.")
        key.note_use()
        pghistory.context(key=key.pk)
        return key, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    @staticmethod
    def token(request: Request) -> str | None:
        if "HTTP_API_KEY" in request.META:
            return request.META["HTTP_API_KEY"]
        scheme, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None
