"""Training in a process of its own, begun from the admin."""

import subprocess
import sys

from django.conf import settings
from django.db import connection

from recommender.errors import NotEnoughHistoryError, TrainingRunsError
from recommender.models import Order
from recommender.training import ADVISORY_LOCK

LOG = "training.log"


def begin_training() -> subprocess.Popen:
    """Start `manage.py train_recommender` beside this process; what it says goes to LOG in SALESAI_DATA_DIR.

    It outlives the request, not the machine or its container: a training that is killed shows as
    failed when the next one begins.

    Raises:
        TrainingRunsError: another training is under way.
        NotEnoughHistoryError: there is no order to learn from.
    """
    if training_runs():
        raise TrainingRunsError("Another training is under way; wait until it has ended.")
    if not Order.objects.exists():
        raise NotEnoughHistoryError("There are no orders. Load some with `manage.py import_orders`.")
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.DATA_DIR / LOG).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, settings.BASE_DIR / "manage.py", "train_recommender"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def training_runs() -> bool:
    """Whether anyone holds the trainer's advisory lock in this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = %s "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [ADVISORY_LOCK],
        )
        return cursor.fetchone()[0]
