"""The documents of one result: recommendations, insights and accuracy, as the contract shows them."""

import math
from typing import Any

import numpy as np

from recommender.cases import Case
from recommender.insights import insights_of
from recommender.listing import Listing, make_listing
from recommender.money import to_the_cent
from recommender.product_outlook import outlook_of_listed
from recommender.purposes import Choice, choose
from recommender.reasons import category_of, reason_of
from recommender.requests import CROSS_SELL, DEMAND_FORECASTING, UPSELL, SuggestionResult
from recommender.seasons import season_of
from recommender.terms import Line, demand_factor

PRIORITIES = 10
MOST_OVERDUE = 2  # intervals; what is overdue longer is no more urgent, it may have been given up


def result_of(case: Case) -> SuggestionResult:
    request = case.request
    choice = choose(case)
    listing = make_listing(choice.chosen, request)
    listing.left_out += choice.left_out
    recommendations = lines_of(listing, choice, case)
    confidences = [line["confidence"] for line in recommendations]
    confidence = round(float(np.mean(confidences)), 4) if confidences else 0.0
    insights = insights_of(case, listing)
    if request.purpose == DEMAND_FORECASTING:
        insights["seasonality"]["products"] = forecasts(listing, case)
        rising, falling = outlook_of_listed(listing, case)
        insights["opportunities"] += rising
        insights["riskFactors"] = falling + insights["riskFactors"]
    return SuggestionResult(
        recommendations=recommendations,
        insights=insights,
        accuracy=historical_accuracy(case) | {"estimated": confidence},
        confidence=confidence,
        parameters=request.parameters | {"limit": request.limit},
        model_version=case.version,
    )


def historical_accuracy(case: Case) -> dict[str, float]:
    """Recall on held-out orders; of forecasts how often their intervals held. Nothing where nothing was held out."""
    model, request = case.model, case.request
    shares = model.coverage if request.purpose == DEMAND_FORECASTING else model.recall
    share = shares.of(request.client, case.segment)
    return {} if share is None else {"historical": share}


def lines_of(listing: Listing, choice: Choice, case: Case) -> list[dict[str, Any]]:
    priority = priorities(listing.lines)
    lines = []
    for item, terms in listing.lines:
        upgrade = choice.upgrades.get(item.product)
        season = season_of(item)
        line = {
            "product": item.product,
            "productName": item.name,
            "quantity": terms.quantity,
            "price": terms.price,
            "confidence": item.probability,
            "reason": reason_of(item, terms, case, season, upgrade),
            "category": category_of(item, case, season),
            "priority": priority[item.product],
        }
        if case.request.purpose == CROSS_SELL:
            line["goesWith"] = item.goes_with
        if case.request.purpose == UPSELL:
            line |= {"replaces": upgrade.replaced.product, "uplift": to_the_cent(upgrade.uplift(terms))}
        lines.append(line)
    return lines


def priorities(lines: list[Line]) -> dict[str, int]:
    """1 for the most money expected, weighed by how overdue it is, spread over 1 to 10."""
    urgency = {
        item.product: item.probability
        * terms.quantity
        * (1 if terms.price is None else terms.price)
        * (1 + min(item.overdue, MOST_OVERDUE))
        for item, terms in lines
    }
    ranked = sorted(urgency, key=lambda product: (-urgency[product], product))
    return {product: 1 + math.floor(rank * PRIORITIES / len(ranked)) for rank, product in enumerate(ranked)}


def forecasts(listing: Listing, case: Case) -> list[dict[str, Any]]:
    return case.demand.shown([(item, demand_factor(item, case.request.market)) for item, _ in listing.lines])
