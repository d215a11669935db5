"""Whether the process runs (`/healthz`) and whether it can serve (`/readyz`)."""

import structlog
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from activities.errors import for_reading
from recommender import registry
from recommender.errors import RecommenderError
from salesai.database_errors import is_out_of_reach

logger = structlog.get_logger(__name__)


@for_reading
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"success": True, "status": "alive"})


@for_reading
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 where the database answers, is migrated and has a model that can be loaded; otherwise 503 and why.

    The first question after a promotion has this process verify and load the model.
    """
    try:
        reason = what_is_missing()
    except Error as error:
        logger.warning("not_ready", error=str(error))
        what = "is out of reach" if is_out_of_reach(error) else "cannot answer; the log has the cause"
        reason = f"The database {what}."
    if reason:
        return JsonResponse({"success": False, "error": reason, "code": "not_ready"}, status=503)
    return JsonResponse({"success": True, "status": "ready"})


def what_is_missing() -> str:
    if not is_migrated():
        return "The database is not migrated: run `manage.py migrate`."
    try:
        for version in registry.active_versions():
            registry.load(version)
    except RecommenderError as error:
        return str(error)
    return ""


def is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
