"""The files of model versions: published whole or not at all, verified before they are read.

On a file system the files are written into a folder beside the others, which gets its name last. A
storage without renaming (S3) gets the manifest last. In both cases nothing refers to a folder that
is not whole: its version becomes a candidate only afterwards. What a killed training leaves lies in
the folder that its version names, and the next training removes it.
"""

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages

from recommender.engine import artifact
from recommender.engine.model import Model
from recommender.engine.outcomes import Acceptance
from recommender.errors import DamagedArtifactError, UnwritableArtifactError
from recommender.models import ModelVersion

MODELS_IN_MEMORY = 4
DRAFT = ".draft"


def folder_for(version: ModelVersion) -> str:
    """A name that no version has, not even one of a database that was set up anew."""
    return f"{version.name}-{version.version}-{secrets.token_hex(6)}"


def publish(model: Model, acceptance: Acceptance, folder: str) -> str:
    """Put the files of a model, and of what it learned of answers, into `folder` of the models storage.

    Returns the manifest's SHA-256.

    Raises UnwritableArtifactError.
    """
    storage = storages["models"]
    final = path_of(storage, folder)
    try:
        return write_to(final, model, acceptance) if final else upload(storage, folder, model, acceptance)
    except OSError as error:
        # Where a disk is full it names no file, and NumPy does not even say that it is full.
        raise UnwritableArtifactError(
            f"The model cannot be written to {final or folder} ({error.strerror or error}). Is there room on its disk?"
        ) from error


def write_to(final: Path, model: Model, acceptance: Acceptance) -> str:
    draft = final.with_name(final.name + DRAFT)
    draft.mkdir(parents=True)
    digest = artifact.save(model, acceptance, draft)
    for path in [*draft.iterdir(), draft]:
        write_through(path)
    draft.rename(final)
    write_through(final.parent)
    return digest


def upload(storage: Storage, folder: str, model: Model, acceptance: Acceptance) -> str:
    with tempfile.TemporaryDirectory() as draft:
        digest = artifact.save(model, acceptance, Path(draft))
        for path in sorted(Path(draft).iterdir(), key=lambda path: (path.name == artifact.MANIFEST, path.name)):
            try:
                with path.open("rb") as file:
                    storage.save(f"{folder}/{path.name}", File(file))
            except Exception as error:  # each storage has errors of its own
                raise UnwritableArtifactError(f"The model cannot be written to {folder}: {error}") from error
    return digest


def write_through(path: Path) -> None:
    """The database commits durably, so what it refers to has to be on disk as well."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(folder: str) -> None:
    """Remove a folder of the models storage, whole or half made; one that is not there is no error.

    Raises UnwritableArtifactError.
    """
    storage = storages["models"]
    final = path_of(storage, folder)
    try:
        if final is None:
            for name in storage.listdir(folder)[1]:
                storage.delete(f"{folder}/{name}")
        else:
            for path in (final, final.with_name(final.name + DRAFT)):
                if path.exists():
                    shutil.rmtree(path)
    except Exception as error:  # each storage has errors of its own
        raise UnwritableArtifactError(f"The files in {folder} cannot be removed: {error}") from error


def verify(folder: str, sha256: str) -> Path:
    """Where the artifact lies on this machine, every file as it was published.

    Raises DamagedArtifactError where a file is missing, cannot be had or is not what was published.
    """
    storage = storages["models"]
    try:
        path = path_of(storage, folder) or copy_of(storage, folder, sha256)
        damaged = artifact.damaged_files(path, sha256)
    except OSError as error:
        raise unreadable(folder, error) from error
    if damaged:
        raise DamagedArtifactError(
            f"The model in {folder} is damaged ({', '.join(damaged)}). Promote another version, or train again."
        )
    return path


def read(folder: str, sha256: str) -> tuple[Model, Acceptance]:
    """The model and what it learned of answers, verified; arrays are mapped from disk. Raises DamagedArtifactError."""
    path = verify(folder, sha256)
    try:
        return artifact.load(path), artifact.load_acceptance(path)
    except artifact.OtherFormatError as error:
        raise DamagedArtifactError(f"{error} Train again: this program reads its own models alone.") from error
    except OSError as error:
        raise unreadable(folder, error) from error


load = lru_cache(maxsize=MODELS_IN_MEMORY)(read)  # kept by each process


def unreadable(folder: str, error: OSError) -> DamagedArtifactError:
    return DamagedArtifactError(
        f"The model in {folder} cannot be read: {error}. Mend that, promote another version, or train again."
    )


def path_of(storage: Storage, name: str) -> Path | None:
    """None where the storage is no file system."""
    try:
        return Path(storage.path(name))
    except NotImplementedError:
        return None


def copy_of(storage: Storage, folder: str, sha256: str) -> Path:
    """A copy on this machine, made anew where it is damaged; copies that no version names go.

    One process at a time fetches: the others wait, and find what it has made.

    Raises DamagedArtifactError where the files cannot be had.
    """
    copies = settings.DATA_DIR / "model-cache"
    kept = copies / folder
    if artifact.damaged_files(kept, sha256):
        copies.mkdir(parents=True, exist_ok=True)
        with alone_in(copies):
            if artifact.damaged_files(kept, sha256):  # nobody has made it anew meanwhile
                named = set(ModelVersion.objects.values_list("artifact", flat=True)) - {folder}
                # What a killed process has left of its fetching is a copy that no version names, too.
                for spare in (path for path in copies.iterdir() if path.name not in named):
                    shutil.rmtree(spare, ignore_errors=True)
                fetch(storage, folder, kept)
    return kept


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Whoever else wants to be waits; the kernel lets them in when this process dies."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def fetch(storage: Storage, folder: str, kept: Path) -> None:
    draft = kept.with_name(kept.name + DRAFT)
    try:
        draft.mkdir()
        for name in storage.listdir(folder)[1]:
            with storage.open(f"{folder}/{name}") as source, (draft / name).open("wb") as target:
                shutil.copyfileobj(source, target)
        draft.rename(kept)
    except Exception as error:  # each storage has errors of its own
        shutil.rmtree(draft, ignore_errors=True)
        raise DamagedArtifactError(f"The model in {folder} cannot be fetched: {error}") from error
