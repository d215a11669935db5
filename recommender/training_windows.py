"""What a training learns from, and its windows as shards, each asked where a spread says.

A window's questions are of all clients, and what is known before it is learned from all orders before
it: so each shard reads the orders for itself, in the database's state that the training began with.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from recommender.client_groups import attributes_of
from recommender.engine.asking import Asked, Asker
from recommender.engine.groups import Attributes
from recommender.engine.history import OrderHistory
from recommender.engine.neighbours import Comparing
from recommender.engine.outcomes import Answers
from recommender.engine.training import AskWindows, Window, in_turn
from recommender.order_rows import read_order_rows
from recommender.outcomes import answers_about, answers_before
from recommender.partitions import Spread, map_partitions
from recommender.snapshots import reading, shared_snapshot

Known = tuple[OrderHistory, Attributes, Answers]

# The snapshot, the end of the orders, the window, and what an Asker has beside the orders: plain data, for
# a process that has not read this module yet.
WindowShard = tuple[str, datetime, Window, tuple[Comparing, float, float, int]]


@contextmanager
def known_before(until: datetime, spread: Spread) -> Iterator[tuple[Known, AskWindows]]:
    """The orders before `until`, their clients' attributes and reps' answers, and what asks windows of them."""
    if spread.is_here:
        yield read(until), in_turn
        return
    with shared_snapshot() as snapshot:

        def ask(asker: Asker, windows: Sequence[Window]) -> Iterator[tuple[Asked, tuple[Asked, ...]]]:
            of_asker = asker.comparing, asker.horizon, asker.as_of, asker.seed
            shards = [(snapshot, until, window, of_asker) for window in windows]
            return map_partitions(ask_window, shards, spread)

        with reading(snapshot):
            known = read(until)
        yield known, ask


def read(until: datetime) -> Known:
    history = read_order_rows(until).baskets()
    return history, attributes_of(history.clients.tolist()), answers_before(until)


def ask_window(shard: WindowShard) -> tuple[Asked, tuple[Asked, ...]]:
    snapshot, until, window, of_asker = shard
    with reading(snapshot):
        history, attributes, answers = read(until)
    return Asker(history, attributes, answers_about(history, answers), *of_asker).ask(*window)
