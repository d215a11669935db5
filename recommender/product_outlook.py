"""What all clients together are expected to take of what a forecast lists, where that will change."""

import numpy as np

from recommender.cases import Case
from recommender.engine.history import positions_in
from recommender.engine.product_outlook import RECENT_WEEKS, WEEKS_AHEAD
from recommender.engine.product_series import DAYS_A_WEEK
from recommender.listing import Listing
from recommender.moments import moment_of_day
from recommender.wording import change

NAMED = 3
WORTH_SAYING = 0.1  # of what was taken lately


def outlook_of_listed(listing: Listing, case: Case) -> tuple[list[str], list[str]]:
    """(what will rise, what will fall), of the first listed; nothing once the weeks foreseen in training are over."""
    knowledge, outlook = case.model.knowledge, case.model.outlook
    if not 0 <= case.now - knowledge.as_of < WEEKS_AHEAD * DAYS_A_WEEK:
        return [], []
    positions = positions_in(knowledge.products, np.array([item.product for item, _ in listing.lines], dtype=str))
    rising, falling = [], []
    for (item, _), position in zip(listing.lines, positions.tolist(), strict=True):
        if position < 0:
            continue
        recent, weekly = (float(round(figures[position], 1)) for figures in (outlook.recent, outlook.weekly))
        if np.isnan(weekly) or not recent or abs(weekly / recent - 1) < WORTH_SAYING:
            continue
        (rising if weekly > recent else falling).append(
            f"{item.name}: all clients together are expected to take {weekly:.1f} units a week in the {WEEKS_AHEAD} "
            f"weeks from {moment_of_day(knowledge.as_of):%Y-%m-%d}, {change(weekly, recent)} than the "
            f"{recent:.1f} of the {RECENT_WEEKS} weeks before."
        )
    return rising[:NAMED], falling[:NAMED]
