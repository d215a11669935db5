"""The shape of rows on their way in, and what became of them.

Rows are validated by whoever makes them. Relations are named by external ids. Numbers may be int,
float or Decimal; the database rounds them, half away from zero: quantities to three decimals, prices to four.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NotRequired, TypedDict

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
