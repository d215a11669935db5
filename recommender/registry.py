"""Model versions: which one answers whom, and letting another one answer.

Every question goes to the database, one short query for a whole batch, and nothing is kept: a
promotion counts from the next request on, in every process, and a batch sees one state of things.
"""

from collections.abc import Collection
from datetime import datetime
from functools import cache

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from recommender import artifacts
from recommender.ab_test import answering
from recommender.engine.model import Model
from recommender.engine.outcomes import Acceptance
from recommender.errors import DamagedArtifactError, NoModelError, OthersAnswerError, PromotionError
from recommender.models import ModelVersion
from salesai.prepared import KeptQuery

logger = structlog.get_logger(__name__)

Status = ModelVersion.Status
DECIMALS = 6  # of a share


def active_versions() -> list[ModelVersion]:
    """The versions that answer now: one, or the two of an A/B test. Raises NoModelError."""
    active = answering_versions()
    if not active:
        raise NoModelError
    return active


@KeptQuery
def answering_versions() -> QuerySet:
    return ModelVersion.objects.answering()


class VersionPicker:
    """Says which version answers each request of a batch.

    The active ones are read once. Whether another can answer is tried once: its files may be gone, or another
    program's.
    """

    def __init__(self) -> None:
        """Raises NoModelError."""
        self.active = active_versions()
        self.can_answer = cache(can_answer)

    def version_for(self, client: str, name: str | None, version: str | None, as_of: datetime | None) -> ModelVersion:
        """The version asked for, if there is one like that; else the active one that answers the client.

        Where that one has seen orders from `as_of` on, the newest answers that has not, if there is one.
        Those whose comparison found them worse do not step in unasked.
        """
        own = answering(self.active, client)
        if version is not None:
            asked = ModelVersion.objects.usable().numbered(version)
            return next(filter(self.can_answer, asked if name is None else asked.filter(name=name)), own)
        if as_of is not None and own.data_until > as_of:
            in_time = ModelVersion.objects.usable().filter(data_until__lte=as_of)
            worse = {"verdict": ModelVersion.Verdict.WORSE}
            not_worse = in_time.exclude(status=Status.CANDIDATE, comparison__contains=worse)
            return next(filter(self.can_answer, not_worse), own)
        return own


def can_answer(version: ModelVersion) -> bool:
    """Whether its files can be read; the log says why not."""
    try:
        load(version)
    except DamagedArtifactError as error:
        logger.warning("version_unusable", version=version.version, reason=str(error))
        return False
    return True


def load(version: ModelVersion) -> Model:
    """The version's model. Raises DamagedArtifactError."""
    return artifacts.load(version.artifact, version.sha256)[0]


def load_acceptance(version: ModelVersion) -> Acceptance:
    """What the version learned of reps' answers. Raises DamagedArtifactError."""
    return artifacts.load(version.artifact, version.sha256)[1]


def promote(version: ModelVersion, share: float = 1, instead_of: Collection[ModelVersion] | None = None) -> None:
    """Let `version` answer that share of the clients, and the one that is active now the others.

    With a share of 1 it answers all, and whatever was active is retired.

    Raises:
        OthersAnswerError: `instead_of` is given, and others than those are active by now.
        PromotionError: it has no model, the share is outside (0, 1], or there is not just one
            version that could answer the others.
        DamagedArtifactError: its files are not what was published, or of another format than this program's.
    """
    if share != 1 and not 0 < round(share, DECIMALS) < 1:
        raise PromotionError(f"A share is above 0 and at most 1, not {share}; {DECIMALS} decimals count.")
    if version.status in (Status.TRAINING, Status.FAILED):
        raise PromotionError(f"{version} is {version.status} and cannot answer. {version.failure}".strip())
    refuse_without_files(version)
    artifacts.read(version.artifact, version.sha256)
    with transaction.atomic():
        # All versions are locked, not the active ones alone: who waits here for another promotion
        # has to see what that one made active.
        versions = list(ModelVersion.objects.select_for_update())
        active = [row for row in versions if row.status == Status.ACTIVE]
        if instead_of is not None and {row.pk for row in active} != {row.pk for row in instead_of}:
            raise OthersAnswerError(f"{version} is not promoted: what it was compared with does not answer any more.")
        others = [row for row in active if row.pk != version.pk]
        version.refresh_from_db()
        refuse_without_files(version)
        if share < 1:
            answer(the_other(version, others), round(1 - share, DECIMALS))
        else:
            for row in others:
                retire(row)
        answer(version, share)


def refuse_without_files(version: ModelVersion) -> None:
    if not version.artifact:
        raise PromotionError(f"The files of {version} were removed (`manage.py clean_up`): it cannot answer any more.")


def the_other(version: ModelVersion, others: list[ModelVersion]) -> ModelVersion:
    """The one that answers the clients that `version` does not."""
    if not others:
        raise PromotionError(f"No version is active beside {version} that could answer the other clients.")
    if len(others) > 1:
        tested = " and ".join(str(row) for row in others)
        raise PromotionError(f"{tested} are being tested already; end that by promoting one of them for all clients.")
    return others[0]


def answer(version: ModelVersion, share: float) -> None:
    if version.status != Status.ACTIVE:
        version.activated_at = timezone.now()
    version.status, version.traffic_share = Status.ACTIVE, share
    version.save(update_fields=["status", "traffic_share", "activated_at"])


def retire(version: ModelVersion) -> None:
    version.status, version.traffic_share = Status.RETIRED, 0
    version.save(update_fields=["status", "traffic_share"])


def spare_versions(kept: int) -> QuerySet:
    """Those that neither answer nor are among the newest `kept`, and still have their files."""
    usable = ModelVersion.objects.usable()
    return usable.exclude(status=Status.ACTIVE).exclude(pk__in=usable.order_by("-number").values("pk")[:kept])


def remove_files(version: ModelVersion) -> bool:
    """Remove the files of a version, unless it answers meanwhile; it stays as the one that made what it made."""
    with transaction.atomic():
        locked = ModelVersion.objects.select_for_update().exclude(status=Status.ACTIVE).filter(pk=version.pk).first()
        if locked is None:
            return False
        # Killed here, the version still names its folder, so that the next clean-up can finish.
        artifacts.remove(locked.artifact)
        locked.artifact = ""
        locked.save(update_fields=["artifact"])
    return True
