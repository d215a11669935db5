"""Points in time as options of commands."""

from argparse import ArgumentTypeError
from datetime import UTC, datetime

from django.utils import timezone

from recommender.bounds import FIRST_YEAR, LAST_YEAR


def moment(text: str) -> datetime:
    """An ISO 8601 date or date and time; UTC where it has no offset."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no ISO 8601 date, such as 2026-03-01.") from error
    if not FIRST_YEAR <= given.year <= LAST_YEAR:
        raise ArgumentTypeError(f"{text!r} lies outside {FIRST_YEAR} to {LAST_YEAR}.")
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def past_moment(text: str) -> datetime:
    """As `moment`. What became of clients after now nobody knows, so nothing can be said of it."""
    given = moment(text)
    if given > timezone.now():
        raise ArgumentTypeError(f"{text!r} lies in the future: not all orders before it are known.")
    return given
