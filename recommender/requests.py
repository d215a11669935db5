"""What is asked of the engine and what it answers: plain data."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recommender.models import ModelVersion

RECOMMENDATION = "recommendation"
ORDER_ANALYSIS = "order-analysis"
DEMAND_FORECASTING = "demand-forecasting"
CROSS_SELL = "cross-sell"
UPSELL = "upsell"

DEFAULT_LIMIT = 10
DEFAULT_HORIZON_DAYS = 28


@dataclass(frozen=True, slots=True)
class FormerOutcome:
    """What the client's rep last said to a product."""

    accepted: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class FormerOutcomes:
    """The last answers by product; those to more at once of it, `volumes`, say nothing of the product itself."""

    products: dict[str, FormerOutcome] = field(default_factory=dict)
    volumes: dict[str, FormerOutcome] = field(default_factory=dict)

    def since(self, moment: datetime) -> "FormerOutcomes":
        """Those given from `moment` on."""
        products, volumes = (
            {product: former for product, former in answers.items() if former.at >= moment}
            for answers in (self.products, self.volumes)
        )
        return FormerOutcomes(products, volumes)


@dataclass(frozen=True, slots=True)
class SuggestionRequest:
    """One client's wish. The JSON sections have been checked, and have no nulls.

    orders       [{orderId?, date?, items: [{product, quantity, price?}]}], besides the stored ones
    preferences, market, stock, parameters   as DESIGN's "Inputs that must take effect" names them
    outcomes     the client's last answers, see `recommender.outcomes`
    model_name, model_version                the model asked for, if any
    """

    client: str
    purpose: str
    now: datetime
    orders: list[dict[str, Any]] = field(default_factory=list)
    preferences: dict[str, Any] = field(default_factory=dict)
    market: dict[str, Any] = field(default_factory=dict)
    stock: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    outcomes: FormerOutcomes = field(default_factory=FormerOutcomes)
    model_name: str | None = None
    model_version: str | None = None

    @property
    def limit(self) -> int:
        return most_lines(self.parameters, self.preferences)

    @property
    def horizon_days(self) -> int:
        return int(self.parameters.get("horizonDays", DEFAULT_HORIZON_DAYS))


def most_lines(parameters: dict[str, Any], preferences: dict[str, Any]) -> int:
    """The smaller of the `limit` and what the client wants at most."""
    return int(min(parameters.get("limit", DEFAULT_LIMIT), preferences.get("maxItems", 100)))


@dataclass(frozen=True, slots=True)
class SuggestionResult:
    """`recommendations`, `insights` and `accuracy` are documents as the contract shows them.

    seconds  that it took, or its share of what the batch took
    """

    recommendations: list[dict[str, Any]]
    insights: dict[str, Any]
    accuracy: dict[str, float]
    confidence: float
    parameters: dict[str, Any]
    model_version: ModelVersion
    seconds: float = 0.0
