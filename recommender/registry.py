"""Model versions: where their artifacts are kept, which one answers, and loading it."""

import shutil
import tempfile
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.utils import timezone

from recommender.engine import artifact
from recommender.engine.training import Model
from recommender.errors import DamagedArtifactError, NoModelError
from recommender.models import ModelVersion

MODELS_IN_MEMORY = 4


def publish(version: ModelVersion, model: Model) -> None:
    """Put the model's files into the models storage and note where; the manifest goes last."""
    with tempfile.TemporaryDirectory() as draft:
        digest = artifact.save(model, Path(draft))
        folder = f"{version.name}-{version.version}-{digest[:12]}"
        paths = sorted(Path(draft).iterdir(), key=lambda path: (path.name == artifact.MANIFEST, path.name))
        for path in paths:
            with path.open("rb") as file:
                storages["models"].save(f"{folder}/{path.name}", File(file))
    version.artifact, version.sha256 = folder, digest


@transaction.atomic
def promote(version: ModelVersion) -> None:
    """Let `version` answer all clients; the one that did is retired."""
    ModelVersion.objects.select_for_update().filter(name=version.name).active().exclude(pk=version.pk).update(
        status=ModelVersion.Status.RETIRED, traffic_share=0
    )
    version.status, version.traffic_share = ModelVersion.Status.ACTIVE, 1
    version.activated_at = timezone.now()
    version.save()


def version_for(name: str | None, version: str | None, as_of: datetime | None) -> ModelVersion:
    """The version asked for; else the newest whose data ends by `as_of`; else the active one.

    Raises NoModelError where nothing has been trained.
    """
    usable = list(ModelVersion.objects.exclude(artifact="").exclude(status=ModelVersion.Status.FAILED))
    active = [row for row in usable if row.status == ModelVersion.Status.ACTIVE]
    if not active:
        raise NoModelError
    if version is not None:
        asked = [row for row in usable if row.version == version and name in (None, row.name)]
        return (asked or active)[0]
    if as_of is not None:
        in_time = [row for row in usable if row.data_until and row.data_until <= as_of]
        return (in_time or active)[0]
    return active[0]


def load(version: ModelVersion) -> Model:
    """The version's model, kept in memory by each process; its arrays are mapped from disk."""
    return load_artifact(version.artifact, version.sha256)


@lru_cache(maxsize=MODELS_IN_MEMORY)
def load_artifact(folder: str, sha256: str) -> Model:
    """Raises DamagedArtifactError where a file is missing or is not what was published."""
    path = local_folder(storages["models"], folder)
    if damaged := artifact.damaged_files(path, sha256):
        raise DamagedArtifactError(
            f"The model in {folder} is damaged ({', '.join(damaged)}). Promote another version, or train again."
        )
    return artifact.load(path)


def local_folder(storage: Storage, folder: str) -> Path:
    """Where the artifact lies on this machine; a copy of it where the storage is elsewhere."""
    try:
        return Path(storage.path(folder))
    except NotImplementedError:
        kept = settings.DATA_DIR / "model-cache" / folder
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=kept.parent))
        for name in storage.listdir(folder)[1]:
            with storage.open(f"{folder}/{name}") as source, (draft / name).open("wb") as target:
                shutil.copyfileobj(source, target)
        draft.replace(kept)
    return kept
