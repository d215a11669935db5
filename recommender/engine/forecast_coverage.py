"""How often the intervals of forecasts held, by heads that were not fitted to the client."""

import numpy as np

from recommender.engine.asking import Asked
from recommender.engine.cross_fitting import CrossFitted
from recommender.engine.demand import LEVEL, DemandHabits, demand_of, own_purchases
from recommender.engine.demand_fitting import came_of
from recommender.engine.groups import Attributes
from recommender.engine.held_out import HeldOutShare
from recommender.engine.history import OrderHistory
from recommender.engine.horizons import Horizons
from recommender.engine.knowledge import group_medians
from recommender.engine.metrics import LIST_LENGTH
from recommender.engine.quantities import usual_quantities

FEWEST_FORECASTS = 5  # held out, for a client to have a coverage of its own


def coverage_of(
    history: OrderHistory,
    attributes: Attributes,
    asked: Asked,
    horizons: CrossFitted[Horizons],
    part: np.ndarray,
    days: float,
    habits: DemandHabits,
) -> HeldOutShare:
    """Share of the intervals that held the units taken, over the products that a list of ten would show.

    Args:
        asked: about the last `days` of the history.
        part: (C,) int8, of the clients of `history`.
    """
    questions, candidates = asked.questions, asked.candidates
    own = candidates.purchases
    rows = ~candidates.is_new  # in the order of `own`
    own_rate = own_purchases(own, questions.now[own.client], habits.days)
    features, is_new = candidates.features[rows], candidates.is_new[rows]
    probability, further = np.empty(len(own_rate)), np.empty(len(own_rate))
    for each, unseen in horizons.left_out(part[questions.client[own.client]]):
        foretold = each.foretold(features[unseen], is_new[unseen], own_rate[unseen], days, habits)
        probability[unseen], further[unseen] = foretold.probability, foretold.further
    typical = group_medians(history.line_product, history.line_quantity, len(history.products))
    usual = usual_quantities(questions.history, own, typical)
    line_quantity = questions.history.line_quantity
    demand = demand_of(own, line_quantity, usual, probability, further, habits)
    order = np.lexsort((own.product, -probability, own.client))
    rank = np.arange(len(order)) - np.searchsorted(own.client, own.client)  # rows are sorted by client
    shown = order[rank < LIST_LENGTH]
    # A client of few is asked about several times, with the same answer.
    client = questions.client[own.client[shown]]
    _, first = np.unique(client.astype(np.int64) * len(history.products) + own.product[shown], return_index=True)
    shown = np.sort(shown[first])
    low, high, _ = demand.of(shown).intervals(LEVEL)
    _, units = came_of(history, questions, own.client[shown], own.product[shown], days)
    held = (units >= low) & (units <= high)
    return HeldOutShare.of_values(
        held.astype(float), questions.client[own.client[shown]], history, attributes, FEWEST_FORECASTS
    )
