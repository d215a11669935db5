"""Settings from the environment that `environ` would read with less care."""

import logging
import re
import shlex
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environ import Env

FALSE = ("false", "off", "n", "no", "0")
POSTGRESQL = "django.db.backends.postgresql"
# Lines of a file of settings.
NOTHING_SAID = re.compile(r"\s*(#|$)")
SETTING = re.compile(r"(export )?\w+=", re.ASCII)


def read_file(env: Env, path: Path) -> None:
    """What the environment does not set, from a file where there is one, with a byte order mark or without.

    Raises ImproperlyConfigured where it, or a line of it, cannot be read: `environ` would go on without it,
    and production be development.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(f"{path} is not UTF-8 text.") from error
    said = {number: line for number, line in enumerate(lines, start=1) if not NOTHING_SAID.match(line)}
    if bad := [number for number, line in said.items() if not SETTING.match(line)]:
        raise ImproperlyConfigured(f"{path}, line {bad[0]}, has to be NAME=value, without blanks but in the value.")
    env.read_env(StringIO("\n".join(said.values())))


def flag(env: Env, name: str, default: bool) -> bool:
    """True or false; `environ` takes whatever it does not know for false.

    Raises ImproperlyConfigured.
    """
    text = env.str(name, default="").strip().lower()
    if text and text not in (*Env.BOOLEAN_TRUE_STRINGS, *FALSE):
        raise ImproperlyConfigured(f"{name} is neither true nor false: {text!r}.")
    return text in Env.BOOLEAN_TRUE_STRINGS if text else default


def whole_number(env: Env, name: str, default: int, least: int = 1) -> int:
    """Raises ImproperlyConfigured."""
    text = env.str(name, default="").strip()
    if text and not (text.isdecimal() and int(text) >= least):
        raise ImproperlyConfigured(f"{name} has to be a whole number of at least {least}, not {text!r}.")
    return int(text) if text else default


def entries(env: Env, name: str) -> list[str]:
    """What stands between commas, without blanks around it."""
    return [entry.strip() for entry in env.str(name, default="").split(",") if entry.strip()]


def host_names(env: Env, name: str, default: list[str]) -> list[str]:
    """Raises ImproperlyConfigured where there is none, or one that no request's host could be."""
    hosts = entries(env, name) or default
    if not hosts:
        raise ImproperlyConfigured(f"Set {name}: the host names that the server answers to, with commas.")
    if none := [host for host in hosts if re.search(r"/|:\d+$", host)]:
        raise ImproperlyConfigured(f"{name} lists host names, without a scheme, a path or a port, not {none[0]!r}.")
    return hosts


def log_level(env: Env, name: str, default: str) -> str:
    """Raises ImproperlyConfigured."""
    text = env.str(name, default="").strip().upper() or default
    if text not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(f"{name} has to be DEBUG, INFO, WARNING, ERROR or CRITICAL, not {text!r}.")
    return text


def options(env: Env, name: str) -> list[str]:
    """Options of a command, quoted as in a shell. Raises ImproperlyConfigured."""
    try:
        return shlex.split(env.str(name, default=""))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} cannot be read: {error}.") from error


def model_storage(env: Env, name: str, folder: Path) -> dict[str, Any]:
    """An entry of Django's STORAGES: the folder, or the S3 bucket that the variable names.

    Raises ImproperlyConfigured.
    """
    url = env.str(name, default="").strip()
    if not url:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder, "allow_overwrite": False},
        }
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise ImproperlyConfigured(f"{name} has to be s3://bucket or s3://bucket/folder, not {url!r}.")
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {"bucket_name": parts.netloc, "location": parts.path.strip("/")},
    }


def database(env: Env, name: str) -> dict[str, Any]:
    """An entry of Django's DATABASES. Raises ImproperlyConfigured where it names no PostgreSQL server."""
    url = env.str(name).strip()
    try:
        found = env.db_url_config(url) if Env.DB_SCHEMES.get(url.partition("://")[0]) == POSTGRESQL else {}
    except ValueError:  # the port
        found = {}
    if not found.get("NAME"):
        raise ImproperlyConfigured(
            f"{name} has to name a PostgreSQL server: postgres://user:password@host/name, "
            "with / : @ # and the like in the password percent-encoded."
        )
    return found | {"HOST": unquote(found["HOST"])}  # with %2F in it: the folder of a socket
