"""Suggest: a batch of requests to a batch of results. One request is a batch of one."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from recommender import registry
from recommender.answers import answer
from recommender.cases import Case
from recommender.catalogue import ProductFacts, facts_of
from recommender.categories import made_categories
from recommender.client_groups import attributes_of
from recommender.engine.demand import carried_over
from recommender.engine.history import OrderHistory
from recommender.engine.outcomes import Acceptance, Standing, standing
from recommender.engine.scoring import Scores, score
from recommender.engine.training import Model
from recommender.items import Item
from recommender.models import ModelVersion
from recommender.outcomes import answers_in, effects_of
from recommender.request_history import as_of, day_of, history_of_requests
from recommender.requests import (
    DEMAND_FORECASTING,
    ORDER_ANALYSIS,
    RECOMMENDATION,
    SuggestionRequest,
    SuggestionResult,
)

__all__ = ["SuggestionRequest", "SuggestionResult", "suggest"]


def suggest(requests: list[SuggestionRequest]) -> list[SuggestionResult]:
    """Answer each request, in order.

    Raises:
        NoModelError: nothing has been trained.
        DamagedArtifactError: the files of the model that should answer are not what was published.
    """
    by_version: dict[ModelVersion, list[int]] = defaultdict(list)
    active = registry.active_versions()
    for position, request in enumerate(requests):
        asked_time = as_of(request) if "asOf" in request.parameters else None
        version = registry.version_for(request.client, request.model_name, request.model_version, asked_time, active)
        by_version[version].append(position)
    results: dict[int, SuggestionResult] = {}
    for version, positions in by_version.items():
        answers = suggest_with(version, [requests[position] for position in positions])
        results |= dict(zip(positions, answers, strict=True))
    return [results[position] for position in range(len(requests))]


def suggest_with(version: ModelVersion, requests: list[SuggestionRequest]) -> list[SuggestionResult]:
    started = time.perf_counter()
    model, acceptance = registry.load(version), registry.load_acceptance(version)
    results = [
        answer(case) for case in cases_of(version, model, acceptance, requests, partial(made_categories, version))
    ]
    seconds = round((time.perf_counter() - started) / len(requests), 4)
    return [replace(result, seconds=seconds) for result in results]


def cases_of(
    version: ModelVersion,
    model: Model,
    acceptance: Acceptance,
    requests: list[SuggestionRequest],
    make_categories: Callable[[], np.ndarray],
) -> Iterator[Case]:
    """The requests with what is known and was judged, in order; one at a time, each with hundreds of items.

    Args:
        version: what `model` and `acceptance` belong to; an evaluation's is not stored.
        make_categories: of the model's products, asked for where a product has none of its own.
    """
    history = history_of_requests(requests, model.knowledge.products)
    now = np.array([day_of(as_of(request)) for request in requests])
    attributes = attributes_of([request.client for request in requests])
    answers = answers_in(requests, history)
    scores = score(model, history, now, attributes, answers)
    probability = probabilities(model, scores, requests)
    listed = history.products[scores.product]
    effect = effects_of(acceptance, attributes.segment[scores.client], listed)
    answered = answers.days_since(scores.client, scores.product, now[scores.client])
    judged_products = history.products[np.unique(scores.product)].tolist()
    facts = facts_of(judged_products)
    categorised = len(facts) == len(judged_products) and all(about.category for about in facts.values())
    made = None if categorised else make_categories()
    rows = columns_of(model, history, scores, probability, standing(probability, effect, *answered))
    recent = {segment: recent_buyers(model, segment) for segment in set(attributes.segment.tolist())}
    first = np.searchsorted(scores.client, np.arange(len(requests) + 1)).tolist()
    for i, (request, own) in enumerate(zip(requests, history.each_client(), strict=True)):
        segment = attributes.segment[i]
        items = items_of(rows, range(*first[i : i + 2]), own.order_day, now[i], facts, recent[segment], made)
        yield Case(request, items, own, now[i], segment, version, model)


def probabilities(model: Model, scores: Scores, requests: list[SuggestionRequest]) -> np.ndarray:
    """(R,) float64: what `confidence` means for the purpose of the row's request."""
    purpose = np.array([request.purpose for request in requests])[scores.client]
    probability = scores.probability(np.isin(purpose, (RECOMMENDATION, ORDER_ANALYSIS)))
    forecast = purpose == DEMAND_FORECASTING
    asked = np.array([request.horizon_days for request in requests], float)[scores.client]
    probability[forecast] = carried_over(probability[forecast], model.horizon_days, asked[forecast], model.demand.pace)
    return np.round(probability, 4)


@dataclass(frozen=True, slots=True)
class Columns:
    """Of R judged products what an item is made from, as lists: an item takes one number of each."""

    code: list[int]
    product: list[str]
    probability: list[float]
    ranking_weight: list[float]
    held_back: list[bool]
    is_own: list[bool]
    orders: list[int]
    first_day: list[float]
    last_day: list[float]
    gap_days: list[float]
    quantity: list[float]
    paid: list[float]
    median_price: list[float]
    goes_with: list[str | None]
    buyers_of_both: list[int]
    buyers_of_other: list[int]


def columns_of(
    model: Model, history: OrderHistory, scores: Scores, probability: np.ndarray, standing: Standing
) -> Columns:
    """The columns of a batch. Those of purchases say nothing where the client never bought the product."""
    knowledge, purchases = model.knowledge, scores.purchases
    is_own = scores.purchase >= 0
    known = scores.product < len(knowledge.products)
    code = np.where(known, scores.product, 0)
    own = np.where(is_own, scores.purchase, 0)
    pointed = (scores.goes_with >= 0) & ~is_own
    both, buyers = np.zeros((2, len(code)), int)
    both[pointed], buyers[pointed] = knowledge.shares_of_buyers(code[pointed], scores.goes_with[pointed])

    def of_purchase(column: np.ndarray) -> np.ndarray:
        return column[own] if len(column) else np.zeros(len(own))

    return Columns(
        code=scores.product.tolist(),
        product=history.products[scores.product].tolist(),
        probability=probability.tolist(),
        ranking_weight=standing.weight.tolist(),
        held_back=standing.held_back.tolist(),
        is_own=is_own.tolist(),
        orders=of_purchase(purchases.orders).astype(int).tolist(),
        first_day=of_purchase(purchases.first_day).tolist(),
        last_day=of_purchase(purchases.last_day).tolist(),
        gap_days=of_purchase(purchases.gap_days).tolist(),
        quantity=np.where(is_own, of_purchase(purchases.quantity), knowledge.quantity[code]).tolist(),
        paid=np.where(is_own, of_purchase(purchases.price), np.nan).tolist(),
        median_price=np.where(known, knowledge.price[code], np.nan).tolist(),
        goes_with=np.where(pointed, history.products[scores.goes_with], None).tolist(),
        buyers_of_both=both.tolist(),
        buyers_of_other=buyers.tolist(),
    )


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


def items_of(
    rows: Columns,
    of_client: range,
    order_days: np.ndarray,
    now: float,
    facts: dict[str, ProductFacts],
    recent: RecentBuyers,
    made: np.ndarray | None,
) -> list[Item]:
    """The candidates of one client as items, most probable first.

    Args:
        of_client: their rows.
        order_days: (O,) float64, ascending, of the client's orders.
        made: (P,) labels of the categories made from orders, where a product has none of its own.
    """
    items = []
    known = len(recent.of_product)
    since_first = len(order_days) - np.searchsorted(order_days, rows.first_day[of_client.start : of_client.stop])
    for row, orders_since_first in zip(of_client, since_first.tolist(), strict=True):
        code, own = rows.code[row], rows.is_own[row]
        about = facts.get(rows.product[row])
        price = known_number(rows.paid[row]) or (about and about.list_price)
        if price is None:
            price = known_number(rows.median_price[row])
        quantity = rows.quantity[row]
        items.append(
            Item(
                product=rows.product[row],
                facts=about,
                probability=rows.probability[row],
                ranking_weight=rows.ranking_weight[row],
                held_back=rows.held_back[row],
                is_new=not own,
                orders=rows.orders[row] if own else 0,
                client_orders=len(order_days),
                orders_since_first=orders_since_first if own else 0,
                days_since=float(now - rows.last_day[row]) if own else None,
                gap_days=known_number(rows.gap_days[row]) if own else None,
                typical_quantity=quantity if quantity == quantity else 1.0,
                usual_price=price,
                goes_with=rows.goes_with[row],
                buyers_of_both=rows.buyers_of_both[row],
                buyers_of_other=rows.buyers_of_other[row],
                recent_buyers=recent.of_product[code] if code < known else 0,
                recent_clients=recent.clients,
                popular_in=recent.segment,
                made_category=int(made[code]) if made is not None and code < known else -1,
            )
        )
    return sorted(items, key=lambda item: (-item.probability, item.product))


def known_number(value: float) -> float | None:
    return None if value != value else value
