from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:  # DRF's views import this module while they are being loaded
    from rest_framework.views import APIView


class KeyAllows(BasePermission):
    """A valid key, and for whatever writes one that is not read-only."""

    message = "This API key is read-only."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.user is None:
            raise NotAuthenticated("Send an API key in the `api-key` header, or as a bearer token.")
        return request.method in SAFE_METHODS or not request.user.read_only


class KeyIsNotBoundToRep(BasePermission):
    """Clients, products and orders belong to everyone: a rep's key does not write them."""

    message = "This API key is bound to a rep; master data needs one that is not."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return not request.user.rep
