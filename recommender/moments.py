"""Moments as dates with a time, and as days since 1970-01-01 UTC, which the engine reckons with."""

from datetime import UTC, datetime, timedelta
from math import floor

from recommender.engine.clock import SECONDS_PER_DAY


def moment_of(text: str) -> datetime:
    """In UTC, as what has no offset is; of a date alone its midnight. Raises ValueError outside the years 1 to 9999."""
    moment = datetime.fromisoformat(text.upper())  # RFC 3339 has "z" as well
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError(f"{moment} is outside the years 1 to 9999 in UTC.") from error


def day_of(moment: datetime) -> float:
    return moment.timestamp() / SECONDS_PER_DAY


def moment_of_day(day: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=float(day))


def start_of_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def end_of_day(moment: datetime) -> datetime:
    return start_of_day(moment) + timedelta(days=1)


def calendar_days(day: float, now: float) -> int:
    """From one date to the other in UTC, whatever the hours, so that it agrees with the dates that are told."""
    return floor(now) - floor(day)
