"""Training in a process of its own, begun from the admin."""

import subprocess
import sys
import time

from django.conf import settings
from django.db import connection, transaction

from recommender.errors import NoOrdersError, TrainingEndedError, TrainingRunsError
from recommender.models import Order
from salesai.locks import AdvisoryLock

LOG = "training.log"
# Until the process holds the trainer's lock: it takes a second or two to start, and more on a busy machine.
BEGINS_WITHIN_SECONDS = 10


@transaction.atomic
def begin_training() -> subprocess.Popen:
    """Start `manage.py train_recommender` beside this process; what it says goes to LOG in SALESAI_DATA_DIR.

    It outlives the request, not the machine or its container: a training that is killed shows as
    failed when the next one begins. Who calls meanwhile waits until this one holds the trainer's lock.

    Raises:
        TrainingRunsError: another training is under way.
        TrainingEndedError: it ended at once; the message says where to read why.
        NoOrdersError: there is nothing to learn from.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [AdvisoryLock.BEGINNING])
    if training_runs():
        raise TrainingRunsError
    if not Order.objects.exists():
        raise NoOrdersError
    process = train_beside()
    end = time.monotonic() + BEGINS_WITHIN_SECONDS
    while process.poll() is None and not training_runs() and time.monotonic() < end:
        time.sleep(0.1)
    if process.poll():
        raise TrainingEndedError(f"The training ended at once; {LOG} in SALESAI_DATA_DIR has what it said.")
    return process


def train_beside() -> subprocess.Popen:
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
            [AdvisoryLock.TRAINING],
        )
        return cursor.fetchone()[0]
