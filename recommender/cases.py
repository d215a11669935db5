"""All that an answer is made from."""

from dataclasses import dataclass
from functools import cached_property

from recommender.engine.history import OrderHistory
from recommender.engine.model import Model
from recommender.forecasting import ClientDemand
from recommender.items import Item
from recommender.judged import Judged
from recommender.models import ModelVersion
from recommender.requests import SuggestionRequest


@dataclass(frozen=True)
class Case:
    """A request with what is known and was judged.

    items    everything judged for the client, the most probable first
    history  of this client alone
    now      days since 1970-01-01 UTC
    segment  the client's, "" where it has none
    """

    request: SuggestionRequest
    items: Judged
    history: OrderHistory
    now: float
    segment: str
    version: ModelVersion
    model: Model

    @cached_property
    def own(self) -> dict[str, Item]:
        """By product id, what the client bought."""
        return {item.product: item for item in map(self.items.of_row, self.items.own)}

    @cached_property
    def demand(self) -> ClientDemand:
        """Of what the client bought, where the items' probabilities are of a purchase within the horizon asked for."""
        return ClientDemand.of(self.history, self.own.values(), self.now, self.request.horizon_days, self.model.demand)
