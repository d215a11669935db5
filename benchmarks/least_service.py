"""The least that Django can do to answer: a view that passes on the same documents as the service."""

import orjson
from django.http import HttpRequest, HttpResponse
from django.urls import path

from activities.filters import ListQuery
from activities.reading import document_text, page_of


def listed(request: HttpRequest) -> HttpResponse:
    documents, total = page_of(ListQuery.of(request.GET.dict()), rep="")
    return HttpResponse(orjson.dumps({"data": list(map(orjson.Fragment, documents)), "total": total}))


def one(request: HttpRequest, pk: str) -> HttpResponse:
    return HttpResponse(document_text(pk))


urlpatterns = [path("activities", listed), path("activities/<str:pk>", one)]
