"""Suggest: a batch of requests to a batch of results. One request is a batch of one."""

import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial

import numpy as np

from recommender import registry
from recommender.answers import answer
from recommender.cases import Case
from recommender.categories import made_categories
from recommender.client_groups import attributes_of
from recommender.engine.demand import carried_over
from recommender.engine.history import OrderHistory
from recommender.engine.outcomes import Acceptance, Standing
from recommender.engine.questions import prefixes
from recommender.engine.scoring import Scores, score
from recommender.engine.training import Model
from recommender.items import Item
from recommender.models import ModelVersion, Product
from recommender.outcomes import standing_of
from recommender.request_history import as_of, day_of, history_of_requests
from recommender.requests import (
    CROSS_SELL,
    DEMAND_FORECASTING,
    UPSELL,
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
    cases = cases_of(version, model, acceptance, requests, partial(made_categories, version))
    seconds = (time.perf_counter() - started) / len(requests)
    return [answer(case, seconds) for case in cases]


def cases_of(
    version: ModelVersion,
    model: Model,
    acceptance: Acceptance,
    requests: list[SuggestionRequest],
    make_categories: Callable[[], np.ndarray],
) -> list[Case]:
    """The requests with what is known and was judged, in order.

    Args:
        version: what `model` and `acceptance` belong to; an evaluation's is not stored.
        make_categories: of the model's products, asked for where a product has none of its own.
    """
    history = history_of_requests(requests, model.knowledge.products)
    now = np.array([day_of(as_of(request)) for request in requests])
    attributes = attributes_of([request.client for request in requests])
    scores = score(model, history, now, attributes)
    probability = probabilities(model, scores, requests)
    listed = history.products[scores.product]
    standing = standing_of(requests, scores.client, listed, probability, attributes.segment, acceptance)
    judged_products = history.products[np.unique(scores.product)].tolist()
    facts = Product.objects.select_related("replaced_by").in_bulk(judged_products, field_name="external_id")
    categorised = len(facts) == len(judged_products) and all(about.category for about in facts.values())
    made = None if categorised else make_categories()
    first = np.searchsorted(scores.client, np.arange(len(requests) + 1))
    first_order = np.searchsorted(history.order_client, np.arange(len(requests) + 1))
    judged = [
        items_of(
            model, history, scores, probability, standing, slice(*first[i : i + 2]), now[i], facts,
            attributes.segment[i], made,
        )
        for i in range(len(requests))
    ]  # fmt: skip
    own = [
        prefixes(history, np.array([i]), first_order[i : i + 1], first_order[i + 1 : i + 2])
        for i in range(len(requests))
    ]
    return [
        Case(request, items, own[i], now[i], attributes.segment[i], version, model)
        for i, (request, items) in enumerate(zip(requests, judged, strict=True))
    ]


def probabilities(model: Model, scores: Scores, requests: list[SuggestionRequest]) -> np.ndarray:
    """(R,) float64: what `confidence` means for the purpose of the row's request."""
    within = scores.within_horizon
    purpose = np.array([request.purpose for request in requests])[scores.client]
    asked = np.array([request.horizon_days for request in requests], float)[scores.client]
    within_asked = carried_over(within, model.horizon_days, asked, model.demand.pace)
    chosen = np.where(np.isin(purpose, (CROSS_SELL, UPSELL)), within, scores.next_order)
    return np.round(np.where(purpose == DEMAND_FORECASTING, within_asked, chosen), 4)


def items_of(
    model: Model,
    history: OrderHistory,
    scores: Scores,
    probability: np.ndarray,
    standing: Standing,
    rows: slice,
    now: float,
    facts: dict[str, Product],
    segment: str,
    made: np.ndarray | None,
) -> list[Item]:
    """The candidates of one client as items, most probable first.

    Args:
        made: (P,) labels of the categories made from orders, where a product has none of its own.
    """
    knowledge, purchases = model.knowledge, scores.purchases
    group = knowledge.segments.index(segment) if segment in knowledge.segments else -1
    known = len(knowledge.products)
    recent_buyers, recent_clients = knowledge.recent_buyers(group)
    order_days = history.order_day[history.order_client == scores.client[rows.start]] if rows.stop > rows.start else []
    items = []
    for row in range(rows.start, rows.stop):
        code, own = int(scores.product[row]), int(scores.purchase[row])
        product = str(history.products[code])
        about = facts.get(product)
        other = int(scores.goes_with[row])
        both, buyers = knowledge.share_of_buyers(code, other) if other >= 0 and own < 0 else (0, 0)
        list_price = float(about.list_price) if about and about.list_price is not None else None
        if own >= 0:
            quantity, price = purchases.quantity[own], known_number(purchases.price[own]) or list_price
        else:
            quantity, price = knowledge.quantity[code], list_price
        if price is None and code < known:
            price = known_number(knowledge.price[code])
        items.append(
            Item(
                product=product,
                facts=about,
                probability=float(probability[row]),
                ranking_weight=float(standing.weight[row]),
                held_back=bool(standing.held_back[row]),
                is_new=own < 0,
                orders=int(purchases.orders[own]) if own >= 0 else 0,
                client_orders=len(order_days),
                orders_since_first=int(np.sum(order_days >= purchases.first_day[own])) if own >= 0 else 0,
                days_since=float(now - purchases.last_day[own]) if own >= 0 else None,
                gap_days=known_number(purchases.gap_days[own]) if own >= 0 else None,
                typical_quantity=float(quantity) if quantity == quantity else 1.0,
                usual_price=price,
                goes_with=str(history.products[other]) if other >= 0 and own < 0 else None,
                buyers_of_both=both,
                buyers_of_other=buyers,
                recent_buyers=int(recent_buyers[code]) if code < known else 0,
                recent_clients=recent_clients,
                popular_in=segment if group >= 0 else "",
                made_category=int(made[code]) if made is not None and code < known else -1,
            )
        )
    return sorted(items, key=lambda item: (-item.probability, item.product))


def known_number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
