"""What was judged for a batch of clients, as columns; an Item is made of a row when it is asked for.

Hundreds of products are judged for a client and some twenty of them are looked at closely.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from recommender.catalogue import ProductFacts
from recommender.engine.history import OrderHistory
from recommender.engine.knowledge import Knowledge
from recommender.engine.model import Model
from recommender.engine.outcomes import Standing
from recommender.engine.purchases import rhythm_of
from recommender.engine.quantities import client_sizes
from recommender.engine.scoring import Scores
from recommender.items import GIVEN_UP, REGULAR_DAYS, Item
from recommender.moments import calendar_days
from recommender.seasons import is_in_season


@dataclass(frozen=True, slots=True)
class Columns:
    """R judged products of C clients, as lists: an item takes one number of each.

    A client's rows stand together, the most probable first, ties by product id; those of client i
    are first[i] to first[i + 1]. What is said of purchases means nothing where `is_own` does not hold.

    by_weight               the rows again, each client's by falling ranking weight
    purchase_days, orders_in_season, gap_days, overdue, is_overdue    as in Item
    client_orders_in_season (C,)
    """

    first: list[int]
    by_weight: list[int]
    client_orders_in_season: list[int]
    code: list[int]
    product: list[str]
    probability: list[float]
    further: list[float]
    ranking_weight: list[float]
    held_back: list[bool]
    is_own: list[bool]
    orders: list[int]
    orders_in_season: list[int]
    first_day: list[float]
    last_day: list[float]
    purchase_days: list[int]
    gap_days: list[float]
    overdue: list[float]
    is_overdue: list[bool]
    quantity: list[float]
    others_quantity: list[float]
    paid: list[float]
    median_price: list[float]
    goes_with: list[str | None]
    buyers_of_both: list[int]
    buyers_of_other: list[int]


def columns_of(
    model: Model,
    history: OrderHistory,
    scores: Scores,
    now: np.ndarray,
    probability: np.ndarray,
    further: np.ndarray,
    standing: Standing,
) -> Columns:
    """The columns of a batch, from what its products scored and what reps answered.

    Args:
        history: the batch's, client i being asked about at now[i].
        probability, further: (R,) float64, as `suggestions.probabilities` has them for each row of `scores`.
        standing: of the same rows.
    """
    judged, position = np.unique(scores.product, return_inverse=True)
    by_id = np.argsort(np.argsort(history.products[judged]))[position]
    order = np.lexsort((by_id, -probability, scores.client))
    client, product = scores.client[order], scores.product[order]
    weight = standing.weight.round(6)[order]
    orders_in_season = is_in_season(history.order_day, now[history.order_client])
    return Columns(
        first=np.searchsorted(client, np.arange(len(now) + 1)).tolist(),
        by_weight=np.lexsort((by_id[order], -weight, client)).tolist(),
        client_orders_in_season=np.bincount(history.order_client, orders_in_season, len(now)).astype(int).tolist(),
        code=product.tolist(),
        product=history.products[product].tolist(),
        probability=probability[order].tolist(),
        further=further[order].tolist(),
        ranking_weight=weight.tolist(),
        held_back=standing.held_back[order].tolist(),
        **purchase_columns(history, scores, order, now),
        **unit_columns(model.knowledge, history, scores, order),
        **companion_columns(model.knowledge, history, scores, order),
    )


def purchase_columns(history: OrderHistory, scores: Scores, order: np.ndarray, now: np.ndarray) -> dict[str, list]:
    """What the client did with the product, of the rows of `scores` in this order."""
    purchases, own = scores.purchases, scores.purchase[order]
    last_day = of_purchase(purchases.last_day, own)
    purchase_days, gap_days = (of_purchase(column, own) for column in rhythm_of(history, purchases))
    days_ago = np.floor(now)[scores.client[order]] - np.floor(last_day)
    overdue = np.divide(days_ago, gap_days, out=np.zeros(len(own)), where=gap_days > 0)
    lines_in_season = is_in_season(history.line_day, now[history.line_client])[purchases.line]
    return {
        "is_own": (own >= 0).tolist(),
        "orders": of_purchase(purchases.orders, own).tolist(),
        "orders_in_season": of_purchase(purchases.sums(lines_in_season).astype(int), own).tolist(),
        "first_day": of_purchase(purchases.first_day, own).tolist(),
        "last_day": last_day.tolist(),
        "purchase_days": purchase_days.tolist(),
        "gap_days": gap_days.tolist(),
        "overdue": overdue.tolist(),
        "is_overdue": ((purchase_days >= REGULAR_DAYS) & (overdue >= 1) & (overdue < GIVEN_UP)).tolist(),
    }


def unit_columns(knowledge: Knowledge, history: OrderHistory, scores: Scores, order: np.ndarray) -> dict[str, list]:
    """What the client would take and pay, and others."""
    own, product = scores.purchase[order], scores.product[order]
    known = product < len(knowledge.products)
    code = np.where(known, product, 0)
    others_quantity = np.where(known, knowledge.quantity[code], np.nan)
    of_new = (others_quantity * client_sizes(history, knowledge.quantity)[scores.client[order]]).round(3)
    return {
        "quantity": np.where(own >= 0, of_purchase(scores.usual, own), of_new).tolist(),
        "others_quantity": others_quantity.tolist(),
        "paid": np.where(own >= 0, of_purchase(scores.purchases.price, own), np.nan).tolist(),
        "median_price": np.where(known, knowledge.price[code], np.nan).tolist(),
    }


def companion_columns(
    knowledge: Knowledge, history: OrderHistory, scores: Scores, order: np.ndarray
) -> dict[str, list]:
    """The product of the client's own that points to one that is new to it, and by how many buyers."""
    product, goes_with = scores.product[order], scores.goes_with[order]
    pointed = (goes_with >= 0) & scores.is_new[order]
    code = np.where(product < len(knowledge.products), product, 0)[pointed]
    both, buyers = np.zeros((2, len(order)), int)
    both[pointed], buyers[pointed] = knowledge.shares_of_buyers(code, goes_with[pointed])
    return {
        "goes_with": np.where(pointed, history.products[goes_with], None).tolist(),
        "buyers_of_both": both.tolist(),
        "buyers_of_other": buyers.tolist(),
    }


def of_purchase(column: np.ndarray, own: np.ndarray) -> np.ndarray:
    """(N,): of each of N rows the figure of its purchase, whose row is `own` ((N,) int), 0 for -1."""
    return np.where(own >= 0, column[own], 0) if len(column) else np.zeros(len(own), column.dtype)


@dataclass(frozen=True, slots=True)
class RecentBuyers:
    """Who bought lately, in a segment or among all clients where the model does not know the segment."""

    of_product: list[int]
    clients: int
    segment: str


def recent_buyers(model: Model, segment: str) -> RecentBuyers:
    segments = model.knowledge.segments
    group = segments.index(segment) if segment in segments else -1
    of_product, clients = model.knowledge.recent_buyers(group)
    return RecentBuyers(of_product.tolist(), clients, segment if group >= 0 else "")


@dataclass(frozen=True)
class Judged(Sequence[Item]):
    """The products judged for one client, the most probable first. Each item is made once, when it is asked for.

    columns     of the batch, in which the client is the one at `client`
    order_days  ascending, of the client's orders
    facts       what the catalogue says, by product id
    replaced    the products of the batch that have a successor there
    returned    products of which the client sent back all that it ordered
    made        (P,) labels of the categories made from orders, where a product has none of its own
    """

    columns: Columns
    client: int
    order_days: list[float]
    now: float
    facts: dict[str, ProductFacts]
    replaced: frozenset[str]
    returned: frozenset[str]
    recent: RecentBuyers
    made: np.ndarray | None
    items: dict[int, Item] = field(default_factory=dict)

    @cached_property
    def rows(self) -> range:
        return range(*self.columns.first[self.client : self.client + 2])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, position: int) -> Item:
        return self.of_row(self.rows[position])

    def __iter__(self) -> Iterator[Item]:
        return map(self.of_row, self.rows)

    @cached_property
    def own(self) -> list[int]:
        """The rows of what the client bought."""
        return [row for row in self.rows if self.columns.is_own[row]]

    @cached_property
    def own_products(self) -> frozenset[str]:
        return frozenset(self.columns.product[row] for row in self.own)

    @cached_property
    def row_of(self) -> dict[str, int]:
        return {self.columns.product[row]: row for row in self.rows}

    def named(self, product: str) -> Item:
        return self.of_row(self.row_of[product])

    def most_ordered(self, count: int) -> list[Item]:
        """Of the client's own, those in most of its orders; ties by product id."""
        orders, product = self.columns.orders, self.columns.product
        return list(map(self.of_row, sorted(self.own, key=lambda row: (-orders[row], product[row]))[:count]))

    def best_first(self) -> Iterator[Item]:
        """By falling ranking weight, ties by product id."""
        return map(self.of_row, self.columns.by_weight[self.rows.start : self.rows.stop])

    def own_replaced(self) -> Iterator[Item]:
        """Of the client's own, what the catalogue says is replaced by another product, sold or not."""
        return (self.of_row(row) for row in self.own if self.columns.product[row] in self.replaced)

    def new(self) -> Iterator[Item]:
        return (self.of_row(row) for row in self.rows if not self.columns.is_own[row])

    def overdue(self) -> Iterator[Item]:
        return (self.of_row(row) for row in self.own if self.columns.is_overdue[row])

    def of_row(self, row: int) -> Item:
        if row not in self.items:
            self.items[row] = self.make_item(row)
        return self.items[row]

    def make_item(self, row: int) -> Item:
        columns, recent = self.columns, self.recent
        code, product, own = columns.code[row], columns.product[row], columns.is_own[row]
        about, known = self.facts.get(product), code < len(recent.of_product)
        # Of what the client paid last and of the list 0 says nothing: the one was a gift, the other has no price.
        price = known_number(columns.paid[row]) or (about and about.list_price)
        price = price or known_number(columns.median_price[row])
        quantity, others = columns.quantity[row], columns.others_quantity[row]
        first_day = columns.first_day[row]
        return Item(
            product=product,
            facts=about,
            probability=columns.probability[row],
            further_purchases=columns.further[row],
            ranking_weight=columns.ranking_weight[row],
            held_back=columns.held_back[row],
            is_new=not own,
            was_returned=product in self.returned,
            orders=columns.orders[row],
            client_orders=len(self.order_days),
            orders_since_first=len(self.order_days) - bisect_left(self.order_days, first_day) if own else 0,
            orders_in_season=columns.orders_in_season[row],
            client_orders_in_season=columns.client_orders_in_season[self.client],
            days_since_first=self.now - first_day if own else None,
            days_since=self.now - columns.last_day[row] if own else None,
            days_ago=calendar_days(columns.last_day[row], self.now) if own else None,
            purchase_days=columns.purchase_days[row],
            gap_days=known_number(columns.gap_days[row]) if own else None,
            overdue=columns.overdue[row],
            is_overdue=columns.is_overdue[row],
            typical_quantity=quantity if quantity == quantity else 1.0,
            others_quantity=others if others == others else 1.0,
            usual_price=price,
            goes_with=columns.goes_with[row],
            buyers_of_both=columns.buyers_of_both[row],
            buyers_of_other=columns.buyers_of_other[row],
            recent_buyers=recent.of_product[code] if known else 0,
            recent_clients=recent.clients,
            popular_in=recent.segment,
            made_category=int(self.made[code]) if self.made is not None and known else -1,
        )


def known_number(value: float) -> float | None:
    return None if value != value else value
