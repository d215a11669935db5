"""How often the intervals of forecasts held, for clients that the heads were not fitted to."""

import numpy as np

from recommender.engine.asking import Asked
from recommender.engine.best import ranks_within
from recommender.engine.demand import LEVEL, DemandHabits, demand_of, own_purchases
from recommender.engine.demand_fitting import came_of, usual_before
from recommender.engine.groups import Attributes
from recommender.engine.held_out import HeldOutShare
from recommender.engine.history import OrderHistory
from recommender.engine.horizons import Horizons
from recommender.engine.metrics import LIST_LENGTH

FEWEST_FORECASTS = 5  # held out, for a client to have a coverage of its own


def coverage_of(
    history: OrderHistory,
    attributes: Attributes,
    asked: Asked,
    held_out: np.ndarray,
    horizons: Horizons,
    days: float,
    habits: DemandHabits,
) -> HeldOutShare:
    """Share of the intervals that held the units taken, over the products that a list of ten would show.

    Args:
        asked: about the last `days` of the history.
        held_out: (C,) bool, clients of `history` whose questions the heads were not fitted to.
    """
    questions, candidates = asked.questions, asked.candidates
    own = candidates.purchases
    rows = ~candidates.is_new  # in the order of `own`
    own_rate = own_purchases(own, questions.now[own.client], habits.days)
    foretold = horizons.foretold(candidates.features[rows], candidates.is_new[rows], own_rate, days, habits)
    usual = usual_before(history, asked)
    line_quantity = questions.history.line_quantity
    demand = demand_of(own, line_quantity, usual, foretold.probability, foretold.further, habits)
    # All are asked at one moment: a client that is asked again is foretold the same.
    is_first = questions.client != np.r_[-1, questions.client[:-1]]
    judged = is_first & held_out[questions.client]
    shown = np.flatnonzero((ranks_within(own.client, foretold.probability) < LIST_LENGTH) & judged[own.client])
    low, high, _ = demand.of(shown).intervals(LEVEL)
    _, units = came_of(history, questions, own.client[shown], own.product[shown], days)
    held = (units >= low) & (units <= high)
    return HeldOutShare.of_values(
        held.astype(float), questions.client[own.client[shown]], history, attributes, FEWEST_FORECASTS
    )
