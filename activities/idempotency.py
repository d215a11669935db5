"""`Idempotency-Key`: a repeated POST gives the first answer again, also while the first still runs."""

import hashlib
from collections.abc import Callable
from typing import Any

import orjson
from django.db import connection, transaction
from django.http import HttpResponse
from rest_framework import exceptions, status

from activities.models import ApiKey, KeptAnswer
from activities.renderers import json_response


class KeyReused(exceptions.APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was sent before with another body. Send a new key with a new body."


def answer_once(caller: ApiKey, key: str, body: Any, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer kept under `key`, or a new one that is kept from now on.

    What `answer` stores and the answer itself are kept or lost together. One that raises is not kept.

    Raises KeyReused where the key came with another body before.
    """
    if len(key) > KeptAnswer.LONGEST_KEY:
        raise exceptions.ValidationError({"Idempotency-Key": [f"Takes at most {KeptAnswer.LONGEST_KEY} characters."]})
    digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
    with transaction.atomic():
        wait_for_turn(caller, key)
        under_key = KeptAnswer.objects.filter(caller=caller, key=key)
        under_key.outdated().delete()
        kept = under_key.first()
        if kept is None:
            response = answer()
            KeptAnswer.objects.create(
                caller=caller, key=key, body_digest=digest, status=response.status_code,
                body=response.content.decode(), etag=response["ETag"],
            )  # fmt: skip
            return response
        if kept.body_digest != digest:
            raise KeyReused
        return json_response(orjson.Fragment(kept.body), kept.status, {"ETag": kept.etag})


def wait_for_turn(caller: ApiKey, key: str) -> None:
    """Hold a lock on the caller's key until the transaction ends: a second call waits for the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [caller.pk, key])
