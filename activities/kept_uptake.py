"""The quarter's figures as they were reckoned last: pages show them at once, and have old ones reckoned anew.

They read all answers of the quarter, which may take a second; nobody has to wait for that.
"""

from datetime import timedelta
from threading import Thread
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Func, QuerySet
from django.utils import timezone

from activities.models import KeptUptake
from activities.uptake import QuarterOfAnswers, reckon_uptake

logger = structlog.get_logger(__name__)

KEPT_FOR = timedelta(minutes=5)


def uptake() -> QuarterOfAnswers:
    """What is kept, however old, without its `ordered_lines`; where nothing is, it is reckoned now."""
    kept = KeptUptake.objects.defer("ordered_lines").first()
    if kept is None:
        kept, _ = KeptUptake.objects.get_or_create(pk=1, defaults=reckoned())
    elif kept.at < timezone.now() - KEPT_FOR:
        Thread(target=reckon_in_background, name="reckon-uptake", daemon=True).start()
    return QuarterOfAnswers.from_json(kept.figures)


def ordered_lines() -> QuerySet:
    """The ids of the lines that the figures count as ordered."""
    uptake()
    return KeptUptake.objects.annotate(line=Func("ordered_lines", function="unnest")).values("line")


def reckoned() -> dict[str, Any]:
    made = reckon_uptake()
    return {"at": made.at, "figures": made.to_json(), "ordered_lines": made.ordered_lines}


def reckon_in_background() -> None:
    try:
        renew()
    except Exception as error:
        logger.error("uptake_not_reckoned", exc_info=error)  # the former figures stay, with their time
    finally:
        connection.close()  # of this thread alone


@transaction.atomic
def renew() -> None:
    """Reckon anew what is old; of several that want to at once, one does."""
    old = KeptUptake.objects.filter(at__lt=timezone.now() - KEPT_FOR)
    if list(old.select_for_update(skip_locked=True).values_list("pk")):
        old.update(**reckoned())
