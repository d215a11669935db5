"""Whether the process runs (`/healthz`) and whether it can serve (`/readyz`)."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recommender.models import ModelVersion


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"success": True, "status": "alive"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 where the database answers, is migrated and has an active model; otherwise 503 and why."""
    try:
        reason = what_is_missing()
    except DatabaseError:
        reason = "The database is out of reach."
    if reason:
        return JsonResponse({"success": False, "error": reason, "code": "not_ready"}, status=503)
    return JsonResponse({"success": True, "status": "ready"})


def what_is_missing() -> str:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return "The database is not migrated: run `manage.py migrate`."
    if not ModelVersion.objects.active().exists():
        return "No model has been trained yet: run `manage.py train_recommender`."
    return ""
