"""Who changed an activity: told to the triggers that record each change."""

import pghistory
from django.http import HttpRequest, HttpResponse
from rest_framework.permissions import SAFE_METHODS

from salesai.middleware import ADMIN, GetResponse


def name_who_changes(get_response: GetResponse) -> GetResponse:
    """Put the user of the admin on the record of what a request changes; the API adds the key it recognised."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method in SAFE_METHODS:
            return get_response(request)
        in_admin = request.path_info.startswith(ADMIN)
        who = {"user": request.user.pk} if in_admin else {}
        with pghistory.context(**who):
            return get_response(request)

    return middleware
