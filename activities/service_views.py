"""The service's own description and figures."""

from django.http import HttpResponse
from drf_spectacular.views import SpectacularSwaggerSplitView
from prometheus_client import CONTENT_TYPE_LATEST
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from activities import contract
from salesai.metrics import exposition


class OpenAPIView(APIView):
    """The contract, as the project keeps it. Open to all."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> Response:
        return Response(contract.document())


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI for the contract, from files the service has itself."""

    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (TemplateHTMLRenderer,)
    url_name = "openapi"
    title = "Sales AI"


class AnyAnswer(BaseContentNegotiation):
    """Prometheus asks for its own media types; there is one answer."""

    def select_parser(self, request: Request, parsers: list) -> None:
        return None

    def select_renderer(self, request: Request, renderers: list, format_suffix: str | None = None) -> tuple:
        renderer: BaseRenderer = renderers[0]
        return renderer, renderer.media_type


class MetricsView(APIView):
    """For Prometheus, with any valid key."""

    content_negotiation_class = AnyAnswer

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)
