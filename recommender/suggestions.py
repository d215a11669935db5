"""Suggest: a batch of requests to a batch of results. One request is a batch of one."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from recommender import registry
from recommender.cases import Case
from recommender.catalogue import facts_of
from recommender.categories import made_categories
from recommender.client_groups import attributes_of
from recommender.engine.demand import own_purchases
from recommender.engine.model import Model
from recommender.engine.outcomes import Acceptance, standing
from recommender.engine.scoring import Scores, score
from recommender.judged import Judged, columns_of, of_purchase, recent_buyers
from recommender.models import ModelVersion
from recommender.moments import day_of
from recommender.outcomes import answers_in, effects_of
from recommender.request_history import as_of, history_of_requests
from recommender.requests import (
    DEMAND_FORECASTING,
    ORDER_ANALYSIS,
    RECOMMENDATION,
    SuggestionRequest,
    SuggestionResult,
)
from recommender.results import result_of

__all__ = ["SuggestionRequest", "SuggestionResult", "suggest"]


def suggest(requests: list[SuggestionRequest]) -> list[SuggestionResult]:
    """Answer each request, in order.

    Raises:
        NoModelError: nothing has been trained.
        DamagedArtifactError: the files of the model that should answer are not what was published.
    """
    by_version: dict[ModelVersion, list[int]] = defaultdict(list)
    picker = registry.VersionPicker()
    for position, request in enumerate(requests):
        asked_time = as_of(request) if "asOf" in request.parameters else None
        version = picker.version_for(request.client, request.model_name, request.model_version, asked_time)
        by_version[version].append(position)
    results: dict[int, SuggestionResult] = {}
    for version, positions in by_version.items():
        of_version = suggest_with(version, [requests[position] for position in positions])
        results |= dict(zip(positions, of_version, strict=True))
    return [results[position] for position in range(len(requests))]


def suggest_with(version: ModelVersion, requests: list[SuggestionRequest]) -> list[SuggestionResult]:
    started = time.perf_counter()
    model, acceptance = registry.load(version), registry.load_acceptance(version)
    results = [
        result_of(case) for case in cases_of(version, model, acceptance, requests, partial(made_categories, version))
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
    """The requests with what is known and was judged, in order; one at a time.

    Args:
        version: what `model` and `acceptance` belong to; an evaluation's is not stored.
        make_categories: of the model's products, asked for where a product has none of its own.
    """
    history, returned = history_of_requests(requests, model.knowledge.products)
    now = np.array([day_of(as_of(request)) for request in requests])
    attributes = attributes_of([request.client for request in requests])
    answers = answers_in(requests, history)
    scores = score(model, history, now, attributes, answers)
    probability, further = probabilities(model, scores, requests, now)
    listed = history.products[scores.product]
    effect = effects_of(acceptance, attributes.segment[scores.client], listed)
    answered = answers.days_since(scores.client, scores.product, now[scores.client])
    judged_products = history.products[np.unique(scores.product)].tolist()
    facts = facts_of(judged_products)
    replaced = frozenset(product for product, about in facts.items() if about.successors)
    categorised = len(facts) == len(judged_products) and all(about.category for about in facts.values())
    made = None if categorised else make_categories()
    columns = columns_of(model, history, scores, now, probability, further, standing(probability, effect, *answered))
    recent = {segment: recent_buyers(model, segment) for segment in set(attributes.segment.tolist())}
    for i, (request, of_client, moment) in enumerate(zip(requests, history.each_client(), now.tolist(), strict=True)):
        segment = attributes.segment[i]
        items = Judged(
            columns=columns,
            client=i,
            order_days=of_client.order_day.tolist(),
            now=moment,
            facts=facts,
            replaced=replaced,
            returned=returned[i],
            recent=recent[segment],
            made=made,
        )
        yield Case(
            request=request,
            items=items,
            history=of_client,
            now=moment,
            segment=segment,
            version=version,
            model=model,
        )


def probabilities(
    model: Model, scores: Scores, requests: list[SuggestionRequest], now: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(R,) float64: what `confidence` means for the purpose of the row's request.

    And (R,) float64: the purchases after the first that a forecast expects of what the client bought, else 0.
    """
    purpose = np.array([request.purpose for request in requests])[scores.client]
    probability = scores.probability(np.isin(purpose, (RECOMMENDATION, ORDER_ANALYSIS)))
    further = np.zeros(len(probability))
    of_purchases = own_purchases(scores.purchases, now[scores.purchases.client], model.demand.days)
    own_rate = of_purchase(of_purchases, scores.purchase)
    asked = np.array([request.horizon_days for request in requests])[scores.client]
    for days in np.unique(asked[purpose == DEMAND_FORECASTING]).tolist():
        rows = (purpose == DEMAND_FORECASTING) & (asked == days)
        foretold = model.horizons.foretold(
            scores.features[rows], scores.is_new[rows], own_rate[rows], days, model.demand
        )
        probability[rows] = foretold.probability
        further[rows] = np.where(scores.is_new[rows], 0, foretold.further)
    return np.round(probability, 4), np.round(further, 6)
