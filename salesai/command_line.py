"""manage.py: what can stop any command is told in a sentence to whoever runs it; --traceback tells all of it."""

import os
import sys
from pathlib import Path

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error
from psycopg.errors import UndefinedColumn, UndefinedTable

from salesai.database_errors import is_out_of_reach

INTERRUPTED = 130  # as a shell says of what Ctrl-C has ended
NOBODY_READS = 141  # as a shell says of what ends because nobody reads it, as by `| head`


def main(arguments: list[str]) -> None:
    try:
        execute_from_command_line(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python's end would try again
        sys.exit(NOBODY_READS)
    except (KeyboardInterrupt, ImproperlyConfigured, Error, psycopg.Error, OSError) as error:
        sentence = in_a_sentence(error)
        if sentence is None or "--traceback" in arguments:
            raise
        print(sentence, file=sys.stderr)
        sys.exit(INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1)


def in_a_sentence(error: BaseException) -> str | None:
    """What an operator can act on; None where the error is one of the program."""
    match error.__cause__ if isinstance(error, Error) else error:
        case KeyboardInterrupt():
            return "Interrupted. What was not stored yet is as it was before."
        case ImproperlyConfigured():
            return str(error)
        case UndefinedTable() | UndefinedColumn():
            return "The database lacks tables of this version of Sales AI: run `manage.py migrate`."
        case psycopg.OperationalError():
            what = "is out of reach" if is_out_of_reach(error) else "cannot do what it should"
            return f"The database {what}: {str(error).strip()}"
        case OSError() if is_of_data_folder(error):
            return f"{error.filename} cannot be used ({error.strerror}): look at SALESAI_DATA_DIR."
    return None


def is_of_data_folder(error: OSError) -> bool:
    from django.conf import settings  # they may be what is wrong

    return isinstance(error.filename, str | Path) and Path(error.filename).is_relative_to(settings.DATA_DIR)
