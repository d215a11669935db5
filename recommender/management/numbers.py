"""Whole numbers as options of commands."""

from argparse import ArgumentTypeError

# Nobody counts further; far beyond it days leave the calendar.
MOST = 100_000


def at_least_one(text: str) -> int:
    """A count of something."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to {MOST:,}.")
    return int(text)


def seed(text: str) -> int:
    """What NumPy can start from."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0 on.")
    return int(text)
