"""The shape of rows on their way in, and what became of them.

Rows are validated by whoever makes them. Relations are named by external ids. Numbers may be int,
float or Decimal; the database rounds them, half away from zero: quantities to three decimals, prices to four.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import NotRequired, TypedDict

# The contract's bound for quantities below and above zero, and for prices.
LARGEST_NUMBER = 1_000_000_000
# The contract's bound for pack sizes and minimum order quantities.
LARGEST_COUNT = 1_000_000
# Of a moment that is asked for. Far from any order, near enough to catch slips and placeholders such as 9999-12-31.
FIRST_YEAR, LAST_YEAR = 1900, 2199
# What is dated before is a placeholder for no date: 0001-01-01, SQL Server's 1900-01-01, or Unix's 1970-01-01, of
# whatever zone. The contract takes any date: such orders that are pushed are kept, and are no history.
FIRST_MOMENT = datetime(1970, 1, 2, tzinfo=UTC)

Number = int | float | Decimal


class ClientRow(TypedDict):
    """A field left out keeps its stored value; None empties it. An unknown chain is created."""

    external_id: str
    name: NotRequired[str | None]
    segment: NotRequired[str | None]
    region: NotRequired[str | None]
    chain: NotRequired[str | None]


class SalesRepRow(TypedDict):
    """A field left out keeps its stored value; None empties it."""

    external_id: str
    name: NotRequired[str | None]


class ProductRow(TypedDict):
    """A field left out keeps its stored value; None empties it, or sets the model's default.

    An unknown replaced_by is created.
    """

    external_id: str
    name: NotRequired[str | None]
    category: NotRequired[str | None]
    list_price: NotRequired[Number | None]
    unit: NotRequired[str | None]
    pack_size: NotRequired[int | None]
    min_order_quantity: NotRequired[int | None]
    active: NotRequired[bool | None]
    replaced_by: NotRequired[str | None]


class LineRow(TypedDict):
    product: str
    quantity: Number
    unit_price: NotRequired[Number | None]


class OrderRow(TypedDict):
    """A whole order. Without lines it removes the stored one. Unknown clients, reps and products are created."""

    external_id: str
    client: str
    rep: NotRequired[str | None]
    ordered_at: datetime
    lines: Sequence[LineRow]


@dataclass(frozen=True, slots=True)
class MergeCounts:
    """What became of the rows of one merge; rows that were created only because others name them do not count."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
