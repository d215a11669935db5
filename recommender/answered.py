"""What the last answer of a client's rep makes of an item that was not judged by itself."""

from typing import Any

import numpy as np

from recommender.engine.outcomes import standing
from recommender.moments import day_of
from recommender.requests import FormerOutcome


def answered(answer: FormerOutcome, probability: float, now: float) -> dict[str, Any]:
    """The fields of an Item with that probability that the answer decides, `now` in days since 1970-01-01 UTC."""
    days, never = np.array([now - day_of(answer.at)]), np.array([np.nan])
    accepted, rejected = (days, never) if answer.accepted else (never, days)
    found = standing(np.array([probability]), np.zeros(1), accepted, rejected)
    return {"ranking_weight": round(float(found.weight[0]), 6), "held_back": bool(found.held_back[0])}
