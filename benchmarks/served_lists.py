"""What the product itself answers, through its own import, training and suggestion code."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from tqdm import tqdm

from benchmarks.leave_last_out import Split
from benchmarks.measure import Measured
from recommender import registry
from recommender.client_groups import attributes_of
from recommender.engine.scoring import score
from recommender.loading.order_import import import_orders, open_order_file
from recommender.loading.rejects import RejectsFile
from recommender.loading.row_formats import AUTO, choose_format
from recommender.models import ModelVersion
from recommender.moments import day_of
from recommender.request_history import history_of_requests
from recommender.requests import RECOMMENDATION, SuggestionRequest
from recommender.suggestions import suggest

LONGEST = 20
BATCH = 200
JUST_AFTER = timedelta(microseconds=1)  # so that an order of the very same time, placed before, is history
SHORTEST_INTERVAL = timedelta(days=1)


@dataclass
class Lists:
    """Of clients in the order they were asked for: products by the product's own ids, best first, with confidences."""

    products: list[list[str]] = field(default_factory=list)
    confidences: list[list[float]] = field(default_factory=list)

    def frame(self, clients: pl.Series, ids: pl.DataFrame) -> pl.DataFrame:
        """client_id, product_id, rank (from 1), confidence; `ids`: text -> product_id as in the data set."""
        listed = pl.DataFrame(
            {"client_id": clients, "text": self.products, "confidence": self.confidences},
            schema_overrides={"text": pl.List(pl.String), "confidence": pl.List(pl.Float64)},
        )
        listed = listed.with_columns(rank=pl.int_ranges(1, pl.col("text").list.len() + 1))
        rows = listed.explode("text", "confidence", "rank").drop_nulls("text")
        rows = rows.join(ids, on="text", maintain_order="left")
        return rows.select("client_id", "product_id", "rank", "confidence")


def as_text(ids: pl.Series) -> pl.Series:
    """Ids as the import stores them."""
    whole = ids.cast(pl.Int64) if ids.dtype.is_float() else ids
    return whole.cast(pl.String).str.strip_chars()


def load(folder: Path) -> int:
    """Import the data set in `folder`; returns how many rows were refused."""
    file = open_order_file(folder)
    row_format, rejects = choose_format(file, AUTO, {}), RejectsFile(folder / "rejects.csv")
    with tqdm(total=file.size, unit=file.unit, unit_scale=True, desc="Import", disable=None) as bar:
        report = import_orders(
            file, row_format, rejects, skip_bad=True, on_progress=lambda done: bar.update(done - bar.n)
        )
    return report.rejected


def moments(split: Split) -> tuple[list[datetime], list[datetime]]:
    """(when each held-out order was placed, when it would be expected knowing the earlier ones alone)."""
    placed = [utc(moment) + JUST_AFTER for moment in split.held_out["ordered_at"]]
    return placed, [expected_moment([utc(moment) for moment in earlier]) for earlier in split.held_out["earlier"]]


def expected_moment(earlier: list[datetime]) -> datetime:
    """The last of two or more orders, and the median interval between them, a day or more, after it."""
    intervals = [(later - sooner).total_seconds() for sooner, later in pairwise(earlier)]
    return earlier[-1] + max(timedelta(seconds=statistics.median(intervals)), SHORTEST_INTERVAL)


def utc(moment: datetime) -> datetime:
    """A time of a data set, or a date; in UTC where it has no zone."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def requests_in_batches(clients: list[str], now: list[datetime], about: str) -> Iterator[list[SuggestionRequest]]:
    requests = [
        SuggestionRequest(client=client, purpose=RECOMMENDATION, now=moment, parameters={"limit": LONGEST})
        for client, moment in zip(clients, now, strict=True)
    ]
    for start in tqdm(range(0, len(requests), BATCH), desc=about, unit="batch", disable=None):
        yield requests[start : start + BATCH]


def whole_lists(clients: list[str], now: list[datetime], about: str) -> tuple[Lists, Measured]:
    """What `suggest` answers, and how long it took."""
    lists, took = Lists(), Measured()
    for batch in requests_in_batches(clients, now, about):
        with Measured() as spent:
            results = suggest(batch)
        took.wall, took.cpu = took.wall + spent.wall, took.cpu + spent.cpu
        for result in results:
            lists.products.append([line["product"] for line in result.recommendations])
            lists.confidences.append([line["confidence"] for line in result.recommendations])
    return lists, took


def explore_lists(version: ModelVersion, products: np.ndarray, clients: list[str], now: list[datetime]) -> Lists:
    """The best new products for the next order; no request of the API asks for these alone.

    Args:
        products: (P,) str, the catalogue that the version was trained on.
    """
    lists, model = Lists(), registry.load(version)
    for batch in requests_in_batches(clients, now, "New products"):
        history, _ = history_of_requests(batch, products)
        days = np.array([day_of(request.now) for request in batch])
        scores = score(model, history, days, attributes_of([request.client for request in batch]))
        for rows in scores.best(LONGEST, only_new=True):
            lists.products.append(history.products[scores.product[rows]].tolist())
            lists.confidences.append(scores.next_order[rows].tolist())
    return lists
