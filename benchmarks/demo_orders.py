"""A database full of the project's own generated orders."""

from datetime import UTC, datetime

from benchmarks.own_database import OwnDatabase
from recommender import demo_history
from recommender.demo_history import LINES_A_CLIENT
from recommender.models import OrderLine
from recommender.registry import promote
from recommender.training import train_version

END = datetime(2026, 11, 24, tzinfo=UTC)


def fill(database: OwnDatabase, lines: int) -> int:
    """Load about so many order lines, and return how many. Another process does it, whose memory does not count."""
    return database.run_apart(load, lines)


def load(lines: int) -> int:
    demo_history.load(demo_history.generate(max(1, round(lines / LINES_A_CLIENT)), seed=7, end=END))
    return OrderLine.objects.count()


def train_and_promote() -> float:
    version = train_version(END)
    promote(version)
    return version.training_seconds
