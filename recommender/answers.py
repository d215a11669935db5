"""The documents of one answer: recommendations, insights and accuracy, as the contract shows them."""

import math
from typing import Any

import numpy as np

from recommender.engine.history import OrderHistory
from recommender.engine.training import Model
from recommender.forecasting import forecast_of
from recommender.insights import buying_patterns, opportunities, risk_factors, seasonality
from recommender.items import Item
from recommender.listing import Listing, make_listing
from recommender.models import ModelVersion
from recommender.purposes import CHOOSE, replaced_by
from recommender.reasons import category_of, reason_of
from recommender.request_history import day_of
from recommender.requests import CROSS_SELL, DEMAND_FORECASTING, UPSELL, SuggestionRequest, SuggestionResult
from recommender.terms import Terms, demand_factor

PRIORITIES = 10
SEASON_DAYS = 45
SEASON_SHARE = 0.6
SEASON_ORDERS = 4
SEASON_HISTORY_DAYS = 300


def answer(
    request: SuggestionRequest,
    items: list[Item],
    history: OrderHistory,
    now: float,
    version: ModelVersion,
    model: Model,
    seconds: float,
) -> SuggestionResult:
    """Args:
    items: everything judged for the client, most probable first.
    history: of this client alone.
    """
    listing = make_listing(CHOOSE[request.purpose](items), request)
    recommendations = lines_of(listing, items, request, history, now)
    confidences = [line["confidence"] for line in recommendations]
    confidence = round(float(np.mean(confidences)), 4) if confidences else 0.0
    insights = {
        "buyingPatterns": buying_patterns(history, now, items),
        "seasonality": seasonality(history, now),
        "riskFactors": risk_factors(history, now, listing, request.limit),
        "opportunities": opportunities([item for item in items if not item.held_back]),
    }
    if "asOf" in request.parameters and day_of(version.data_until) > now:
        insights["riskFactors"].append(
            f"No model was trained on orders before {request.parameters['asOf']} alone; "
            f"{version.version} has seen later ones."
        )
    if request.purpose == DEMAND_FORECASTING:
        insights["seasonality"]["products"] = forecasts(listing, request, history, now)
    return SuggestionResult(
        recommendations=recommendations,
        insights=insights,
        accuracy={
            "historical": model.recall.get(request.client, model.recall.get("", 0.0)),
            "estimated": confidence,
        },
        confidence=confidence,
        parameters=request.parameters | {"limit": request.limit},
        model_version=version,
        seconds=round(seconds, 4),
    )


def lines_of(
    listing: Listing, items: list[Item], request: SuggestionRequest, history: OrderHistory, now: float
) -> list[dict[str, Any]]:
    own = {item.product: item for item in items if not item.is_new}
    names = {product: item.name for product, item in own.items()}
    priority = priorities(listing.lines)
    lines = []
    for item, terms in listing.lines:
        line = {
            "product": item.product,
            "productName": item.name,
            "quantity": terms.quantity,
            "price": terms.price,
            "confidence": item.probability,
            "reason": reason_of(item, terms, request, names),
            "category": category_of(item, request, is_seasonal(item, history, now)),
            "priority": priority[item.product],
        }
        if request.purpose == CROSS_SELL:
            line["goesWith"] = item.goes_with
        if request.purpose == UPSELL:
            replaced = replaced_by(item, own)
            line |= {"replaces": replaced.product, "uplift": uplift(terms, replaced)}
        lines.append(line)
    return lines


def uplift(terms: Terms, replaced: Item) -> float:
    """Money more per order, to the cent."""
    return round(terms.quantity * terms.price - replaced.typical_quantity * replaced.usual_price, 2)


def priorities(lines: list[tuple[Item, Terms]]) -> dict[str, int]:
    """1 for the most money expected, weighed by how overdue it is, spread over 1 to 10."""
    urgency = {
        item.product: item.probability * terms.quantity * (terms.price or 1) * (1 + min(item.overdue, 2))
        for item, terms in lines
    }
    ranked = sorted(urgency, key=lambda product: (-urgency[product], product))
    return {product: 1 + math.floor(rank * PRIORITIES / len(ranked)) for rank, product in enumerate(ranked)}


def is_seasonal(item: Item, history: OrderHistory, now: float) -> bool:
    """Mostly bought around this time of the year, over a history long enough to tell."""
    if item.orders < SEASON_ORDERS or history.order_day[-1] - history.order_day[0] < SEASON_HISTORY_DAYS:
        return False
    bought = history.line_day[history.products[history.line_product] == item.product]
    distance = np.abs((bought - now + 182.6) % 365.25 - 182.6)
    return float(np.mean(distance <= SEASON_DAYS)) >= SEASON_SHARE


def forecasts(listing: Listing, request: SuggestionRequest, history: OrderHistory, now: float) -> list[dict[str, Any]]:
    code = {product: position for position, product in enumerate(history.products.tolist())}
    return [
        {"product": item.product}
        | forecast_of(
            history, code[item.product], now, request.horizon_days, item.probability, item.typical_quantity,
            demand_factor(item, request.market),
        )
        for item, _ in listing.lines
    ]  # fmt: skip
