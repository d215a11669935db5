"""Dates on the wire: ISO 8601, and UTC where no offset is given."""

from collections.abc import Callable
from datetime import UTC, datetime

from recommender.bounds import FIRST_YEAR, LAST_YEAR
from recommender.moments import moment_of


def parse_time(text: str) -> datetime:
    """A date with a time, in UTC. Raises ValueError where it is none, or outside the years 1 to 9999."""
    if len(text) < 11 or text[10] not in "Tt ":
        raise ValueError(f"{text!r} has no time.")
    return moment_of(text)


def parse_day_or_time(text: str) -> datetime:
    """As parse_time; a date alone is its midnight."""
    return moment_of(text) if len(text) == 10 else parse_time(text)


def is_time(text: str) -> bool:
    return parses(parse_time, text)


def is_day_or_time(text: str) -> bool:
    """Of the years that orders are of, so that weeks can be counted back from it and days ahead."""
    return parses(parse_day_or_time, text) and FIRST_YEAR <= parse_day_or_time(text).year <= LAST_YEAR


def parses(parse: Callable[[str], datetime], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def wire_time(time: datetime) -> str:
    """In UTC, to the microsecond, ending in Z."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
