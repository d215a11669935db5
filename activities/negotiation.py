from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OneAnswer(DefaultContentNegotiation):
    """A view answers in one form. Who excludes it with `Accept`, also by `q=0`, gets a 406."""

    def select_renderer(
        self, request: Request, renderers: list[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        [renderer] = renderers
        # Most callers say nothing, or that; what takes longer is left to the others.
        accepted = request.META.get("HTTP_ACCEPT", "*/*")
        if accepted != "*/*" and not request.accepts(renderer.media_type):
            raise NotAcceptable(available_renderers=renderers)
        return renderer, renderer.media_type
