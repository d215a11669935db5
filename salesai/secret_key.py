"""The secret key of a development installation: made once, kept beside its data."""

import contextlib
import os
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key


def kept_secret_key(folder: Path) -> str:
    """The key kept in `folder`, made on first use; readable by its owner alone.

    Raises ImproperlyConfigured where the folder is another user's, or can be none.
    """
    try:
        return read_or_make(folder)
    except PermissionError as error:
        raise ImproperlyConfigured(
            f"{folder} belongs to another user. Run as that user, or set SALESAI_DATA_DIR to a folder of your own."
        ) from error
    except OSError as error:
        raise ImproperlyConfigured(
            f"SALESAI_DATA_DIR: {folder} is no folder that can be written to ({error.strerror})."
        ) from error


def read_or_make(folder: Path) -> str:
    path = folder / "secret_key"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder) as draft:  # made with mode 0600
            draft.write(get_random_secret_key())
            draft.flush()
            # Of several processes that start at once one wins, and all read the winner's key.
            with contextlib.suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text()
