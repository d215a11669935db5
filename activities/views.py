"""The activity API. Views parse, call one function and answer."""

from typing import Any

import orjson
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_header_parameters
from django.views.decorators.gzip import gzip_page
from rest_framework import exceptions, status, viewsets
from rest_framework.authentication import BaseAuthentication
from rest_framework.decorators import action
from rest_framework.request import Request

from activities.asked_model import names_model
from activities.authentication import KeyWithDocument
from activities.errors import Conflict, GenerationFailed
from activities.etags import etag_of, is_unchanged, refuse_stale
from activities.filters import ListQuery
from activities.generation import CancelledError, GenerationError, generate, generate_later
from activities.idempotency import answer_once
from activities.ids import is_activity_id
from activities.models import Activity
from activities.parsers import MergePatchParser, StrictJSONParser, body_of, refuse_bad_body
from activities.reading import document_text, page_of
from activities.renderers import json_response
from activities.serializers import ActivitySerializer, patched
from activities.updates import CompletedError, cancel_activity, create_activity, update_activity


class ActivityViewSet(viewsets.GenericViewSet):
    serializer_class = ActivitySerializer
    lookup_value_regex = "[^/]+"

    def get_queryset(self) -> QuerySet:
        return Activity.objects.visible_to(self.request.user.rep)

    def get_parsers(self) -> list:
        parsers = [StrictJSONParser()]
        return [*parsers, MergePatchParser()] if self.request and self.request.method == "PATCH" else parsers

    def get_authenticators(self) -> list[BaseAuthentication]:
        reads_one = self.action_map.get(self.request.method.lower()) == "retrieve"
        return [KeyWithDocument()] if reads_one else super().get_authenticators()

    def list(self, request: Request) -> HttpResponse:
        return answer_page(request, ListQuery.of(request.query_params.dict()))

    def create(self, request: Request) -> HttpResponse:
        @transaction.atomic
        def create() -> HttpResponse:
            return answer(create_activity(**self.validated(request)), status.HTTP_201_CREATED)

        key = request.headers.get("Idempotency-Key")
        return answer_once(request.user, key, request.data, create) if key else create()

    def retrieve(self, request: Request, pk: str) -> HttpResponse:
        document = request.user.document
        if document is None:
            raise Http404
        etag = etag_of(document)
        if is_unchanged(request, etag):
            return HttpResponseNotModified(headers={"ETag": etag})
        return answer_document(document, etag)

    @transaction.atomic
    def update(self, request: Request, pk: str, partial: bool = False) -> HttpResponse:
        body_of(request)  # before the activity is locked: who is slow to send it keeps nobody waiting
        activity = self.find_for_change(pk)
        fields = self.validated(request, partial, activity)
        refuse_stale(request, pk)
        return answer(update_activity(activity, fields))

    def partial_update(self, request: Request, pk: str) -> HttpResponse:
        return self.update(request, pk, partial=True)

    @transaction.atomic
    def destroy(self, request: Request, pk: str) -> HttpResponse:
        refuse_bad_body(request)
        activity = self.find_for_change(pk)
        refuse_stale(request, pk)
        activity.delete()
        return json_response({"success": True, "message": f"Activity {pk} is deleted."})

    @action(detail=True, methods=["post"])
    def generate(self, request: Request, pk: str) -> HttpResponse:
        if not is_activity_id(pk):
            raise Http404
        try:
            if prefers_async(request):
                with transaction.atomic():  # so that no worker has done it before it is answered
                    return answer(generate_later(pk, request.user.rep), status.HTTP_202_ACCEPTED)
            activity = generate(pk, request.user.rep)
        except Activity.DoesNotExist as error:
            raise Http404 from error
        except CancelledError as error:
            raise Conflict(str(error)) from error
        except GenerationError as error:
            raise GenerationFailed(str(error)) from error
        return json_response({"success": True, "data": {"recommendations": activity.recommendations}})

    @action(detail=True, methods=["post"])
    @transaction.atomic
    def cancel(self, request: Request, pk: str) -> HttpResponse:
        refuse_bad_body(request)
        try:
            return answer(cancel_activity(self.find_for_change(pk)))
        except CompletedError as error:
            raise Conflict(str(error)) from error

    def find_for_change(self, pk: str) -> Activity:
        """The activity, locked until the transaction ends.

        Raises Http404 for an id that is not there, is another rep's or is no id.
        """
        found = self.get_queryset().select_for_update().filter(pk=pk).first() if is_activity_id(pk) else None
        if found is None:
            raise Http404
        return found

    def validated(self, request: Request, partial: bool = False, former: Activity | None = None) -> dict[str, Any]:
        data = body_of(request)
        if not isinstance(data, dict):
            raise exceptions.ParseError("The body has to be a JSON object.")
        read = former
        if former is not None and media_type_of(request) == MergePatchParser.media_type:
            # Who names a model asks for it, and shows none that was read.
            read = None if names_model(data.get("aiModel")) else former
            data, partial = patched(former, data), False
        serializer = self.get_serializer(read, data=data, partial=partial)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        if request.user.rep and fields.get("rep", request.user.rep) != request.user.rep:
            raise exceptions.PermissionDenied("This API key is bound to a rep and cannot file for another.")
        return fields


# Lists alone: they are long, and have no ETag, which compressing would make a weak one.
@gzip_page
def answer_page(request: Request, query: ListQuery) -> HttpResponse:
    documents, total = page_of(query, request.user.rep)
    return json_response({"success": True, "data": list(map(orjson.Fragment, documents)), "total": total})


def answer(activity: Activity, status_code: int = status.HTTP_200_OK) -> HttpResponse:
    """The activity as it is stored now."""
    document = document_text(activity.pk)
    return answer_document(document, etag_of(document), status_code)


def answer_document(document: str, etag: str, status_code: int = status.HTTP_200_OK) -> HttpResponse:
    return json_response({"success": True, "data": orjson.Fragment(document)}, status_code, {"ETag": etag})


def media_type_of(request: Request) -> str:
    """Of the body, in lower case and without parameters such as the charset."""
    media_type, _ = parse_header_parameters(request.content_type)
    return media_type


def prefers_async(request: Request) -> bool:
    """`Prefer: respond-async` (RFC 7240), among other preferences or alone; a preference's name has no case."""
    preferences = (part.split(";")[0].strip().lower() for part in request.headers.get("Prefer", "").split(","))
    return "respond-async" in preferences
