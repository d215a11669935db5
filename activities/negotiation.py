from django.http.request import MediaType
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
        if accepted != "*/*" and not accepts(accepted, renderer.media_type):
            raise NotAcceptable(available_renderers=renderers)
        return renderer, renderer.media_type


def accepts(header: str, media_type: str) -> bool:
    """Whether an `Accept` takes it: the range that says most of it decides (RFC 9110, section 12.5.1).

    Parameters other than the weight are not looked at: `charset=utf-8` asks for what is sent anyway.
    """
    ranges = [MediaType(text) for text in header.lower().split(",") if text.strip()]
    quality = {f"{each.main_type}/{each.sub_type}": each.quality for each in ranges}
    main_type = media_type.partition("/")[0]
    named = next((name for name in (media_type, f"{main_type}/*", "*/*") if name in quality), None)
    return not ranges or (named is not None and quality[named] > 0)
