"""Training on the stored history: from orders to a version that answers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime

import numpy as np
from django.db import connection
from django.db.models import Max

from recommender import artifacts
from recommender.engine.history import OrderHistory
from recommender.engine.model import Model
from recommender.engine.outcomes import Acceptance, learn
from recommender.engine.popularity import popular_since
from recommender.engine.rfm import quintile_edges, rfm_of
from recommender.engine.training import train
from recommender.errors import NotEnoughHistoryError, TrainingRunsError, UnwritableArtifactError
from recommender.models import ModelVersion
from recommender.moments import day_of, end_of_day, moment_of_day
from recommender.outcomes import answers_about
from recommender.partitions import HERE, Spread
from recommender.training_windows import known_before
from salesai.locks import AdvisoryLock

MODEL_NAME = "sales-recommender-v2"


def train_version(until: datetime, seed: int = 0, spread: Spread = HERE) -> ModelVersion:
    """Train on the orders before `until` and publish the model as a candidate: the same one wherever shards are done.

    The data end with the day of the last order. What comes after it may be the age of an export: taken for
    weeks in which nobody bought anything, it would have the model expect nothing of anybody.

    Raises:
        NotEnoughHistoryError: there is no order to learn from.
        TrainingRunsError: another training is under way.
        ClusterError: the shards could not be done where `spread` says.
        UnwritableArtifactError: the model could not be kept.
    """
    started = time.monotonic()
    with one_trainer(), known_before(until, spread) as ((history, attributes, answers), ask):
        if not len(history.order_day):
            raise NotEnoughHistoryError(
                f"No order before {until:%Y-%m-%d %H:%M} has a quantity above zero. "
                "Load some with `manage.py import_orders`."
            )
        data_until = end_of_data(history, until)
        version = new_version(history, data_until, seed)
        try:
            model = train(history, attributes, day_of(data_until), seed, answers_about(history, answers), ask)
            acceptance = learn(answers)
            version.sha256 = artifacts.publish(model, acceptance, version.artifact)
        except Exception as error:
            give_up(version, f"{type(error).__name__}: {error}")
            raise
        describe(version, model, acceptance, history)
        version.training_seconds = round(time.monotonic() - started, 2)
        version.status = ModelVersion.Status.CANDIDATE
        version.save()
        return version


def end_of_data(history: OrderHistory, until: datetime) -> datetime:
    """The end of the day of the last order, or `until` where that comes before."""
    return min(until, end_of_day(moment_of_day(history.order_day.max())))


@contextmanager
def one_trainer() -> Iterator[None]:
    """Hold PostgreSQL's advisory lock, which ends with the connection: a killed trainer leaves nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [AdvisoryLock.TRAINING])
        if not cursor.fetchone()[0]:
            raise TrainingRunsError
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [AdvisoryLock.TRAINING])


def new_version(history: OrderHistory, data_until: datetime, seed: int) -> ModelVersion:
    # Whatever stands as `training` was left by a trainer that was killed: this one holds the lock.
    for left in ModelVersion.objects.left_behind():
        give_up(left, left.failure or "The training ended without a word.")
    newest = ModelVersion.objects.filter(name=MODEL_NAME).aggregate(Max("number"))["number__max"] or 0
    version = ModelVersion(
        name=MODEL_NAME,
        number=newest + 1,
        parameters={"seed": seed},
        row_counts={
            "clients": len(np.unique(history.order_client)),
            "products": len(history.products),
            "orders": len(history.order_day),
            "lines": len(history.line_order),
        },
        data_from=moment_of_day(history.order_day.min()),
        data_until=data_until,
    )
    # Named before a file is written, so that what a killed trainer leaves can be found.
    version.artifact = artifacts.folder_for(version)
    version.save()
    return version


def give_up(version: ModelVersion, failure: str) -> None:
    """The version has failed; of its files nothing stays that can be removed, and the next training tries again."""
    version.status, version.failure = ModelVersion.Status.FAILED, failure
    if version.artifact:
        with suppress(UnwritableArtifactError):
            artifacts.remove(version.artifact)
            version.artifact = ""
    version.save()


def describe(version: ModelVersion, model: Model, acceptance: Acceptance, history: OrderHistory) -> None:
    as_of = model.knowledge.as_of
    version.metrics = model.metrics
    version.parameters = version.parameters | {
        "horizonDays": round(model.horizon_days, 1),
        "demand": model.demand.to_json() | {"pace": model.horizons.pace},
        "productForecasts": model.outlook.chosen,
        "segments": model.knowledge.segments,
        "taste": asdict(model.knowledge.comparing),
        "popularSince": f"{moment_of_day(popular_since(history, as_of)):%Y-%m-%d}",
        "rfm": quintile_edges(rfm_of(history, as_of)) | {"clients": len(np.unique(history.order_client))},
        "feedback": {"acceptance": acceptance.share, "spread": acceptance.spread},
    }
    version.row_counts = version.row_counts | {"answers": acceptance.answers}
