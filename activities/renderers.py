from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer


class JSONRenderer(BaseRenderer):
    """Answers are JSON in UTF-8, whatever they say."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: dict | None = None) -> bytes:
        return orjson.dumps(data)


def json_response(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Rendered at once, where a Response of DRF waits for its template's turn."""
    return HttpResponse(orjson.dumps(data), JSONRenderer.media_type, status, headers=headers)
