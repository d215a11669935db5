"""A model in memory, as training makes it and an artifact keeps it."""

from dataclasses import dataclass
from typing import Any

from recommender.engine.demand import DemandHabits
from recommender.engine.heads import TwoHeads
from recommender.engine.held_out import HeldOutShare
from recommender.engine.horizons import Horizons
from recommender.engine.knowledge import Knowledge
from recommender.engine.product_outlook import ProductOutlook
from recommender.engine.volumes import Volumes


@dataclass(frozen=True)
class Model:
    """What `suggest` answers with.

    next_order      heads for "the client's next order contains the product"
    horizons        heads for "the client buys it within so many days"
    demand          what forecasts need beside these
    volumes         how much of a product its buyers take at once
    outlook         what all clients together will take
    recall          of lists for orders that the heads were not fitted to
    coverage        of the intervals of forecasts, likewise
    """

    knowledge: Knowledge
    next_order: TwoHeads
    horizons: Horizons
    demand: DemandHabits
    volumes: Volumes
    outlook: ProductOutlook
    recall: HeldOutShare
    coverage: HeldOutShare
    metrics: dict[str, Any]

    @property
    def horizon_days(self) -> float:
        return self.horizons.longest
