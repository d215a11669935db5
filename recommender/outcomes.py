"""Reps' answers on their way from PostgreSQL to the engine: for requests, for training, for lists."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from recommender.client_groups import attributes_of
from recommender.engine.client_answers import MEMORY_DAYS, ClientAnswers
from recommender.engine.groups import codes_in
from recommender.engine.history import OrderHistory
from recommender.engine.outcomes import Acceptance, Answers, standing
from recommender.models import Outcome, SuggestedLine
from recommender.moments import day_of
from recommender.request_history import as_of
from recommender.requests import FormerOutcome, FormerOutcomes, SuggestionRequest
from salesai.prepared import fetch

# At the same moment a rejection is the last.
LAST_ANSWERS = f"""
    SELECT DISTINCT ON (client, product, larger_volume) client, product, larger_volume, outcome, outcome_at
    FROM {SuggestedLine._meta.db_table}
    WHERE outcome IN ('{Outcome.ACCEPTED}', '{Outcome.REJECTED}') AND client = ANY(%s) AND outcome_at >= %s
    ORDER BY client, product, larger_volume, outcome_at DESC, outcome DESC, id DESC"""


def former_outcomes(clients: Sequence[str], since: datetime) -> dict[str, FormerOutcomes]:
    """client -> the last answers given from `since` on; one query however many clients."""
    found: dict[str, FormerOutcomes] = defaultdict(FormerOutcomes)
    for client, product, larger_volume, outcome, at in fetch(LAST_ANSWERS, [sorted(set(clients)), since]):
        of_client = found[client]
        (of_client.volumes if larger_volume else of_client.products)[product] = FormerOutcome(
            outcome == Outcome.ACCEPTED, at
        )
    return found


def remembered_since(moment: datetime) -> datetime:
    """Answers before that have no effect on a list of that moment."""
    return moment - timedelta(days=MEMORY_DAYS)


def answers_before(until: datetime) -> Answers:
    """The answers given before `until` to products that were suggested: all that a model may learn from.

    One that was changed since then is not among them: what it was before is not known any more.
    """
    lines = SuggestedLine.objects.suggested().answered().filter(outcome_at__lt=until, larger_volume=False)
    rows = lines.order_by("outcome_at", "activity", "product").values_list(
        "client", "rep", "product", "outcome_at", "confidence", "outcome"
    )
    client, rep, product, at, confidence, outcome = zip(*rows, strict=True) if rows else ((),) * 6
    return Answers(
        client=np.array(client, dtype=str),
        segment=attributes_of(client).segment,
        rep=np.array(rep, dtype=str),
        product=np.array(product, dtype=str),
        day=np.array([day_of(moment) for moment in at], dtype=float),
        confidence=np.array(confidence, dtype=float),
        accepted=np.array([each == Outcome.ACCEPTED for each in outcome], dtype=bool),
    )


def answers_about(history: OrderHistory, answers: Answers) -> ClientAnswers:
    """The same by the codes of a history; what is said of other clients and products is left out."""
    client = codes_in(answers.client, history.clients.tolist())
    product = codes_in(answers.product, history.products.tolist())
    known = (client >= 0) & (product >= 0)
    return ClientAnswers.sorted(client[known], product[known], answers.day[known], answers.accepted[known])


def answers_in(requests: Sequence[SuggestionRequest], history: OrderHistory) -> ClientAnswers:
    """What the requests bring along, by the codes of their history, whose client i is request i.

    An answer's age is reckoned at the moment of judgement. One that came later than `asOf` counts as
    given just then: `asOf` takes orders back in time, not what the client's rep has said.
    """
    given = any(request.outcomes.products for request in requests)  # mostly not, and there may be many products
    codes = {product: code for code, product in enumerate(history.products.tolist())} if given else {}
    rows = [
        (position, codes[product], min(day_of(former.at), day_of(as_of(request))), former.accepted)
        for position, request in enumerate(requests)
        for product, former in request.outcomes.products.items()
        if product in codes
    ]
    client, product, day, accepted = zip(*rows, strict=True) if rows else ((),) * 4
    return ClientAnswers.sorted(
        np.array(client, np.int32), np.array(product, np.int32), np.array(day, float), np.array(accepted, bool)
    )


def effects_of(acceptance: Acceptance, segment: np.ndarray, products: np.ndarray) -> np.ndarray:
    """(R,) float64 log odds, of R products ((R,) str) each within a segment ((R,) str)."""
    if not acceptance.effects:
        return np.zeros(len(products))
    pairs = zip(segment.tolist(), products.tolist(), strict=True)
    return np.array([acceptance.effect(*pair) for pair in pairs])


def answered(answer: FormerOutcome, probability: float, now: float) -> dict[str, Any]:
    """The fields of an Item that was not judged by itself which the answer decides, `now` in days since 1970-01-01 UTC.

    Args:
        answer: the last one of the client's rep to the item's product.
        probability: of the item.
    """
    days, never = np.array([now - day_of(answer.at)]), np.array([np.nan])
    accepted, rejected = (days, never) if answer.accepted else (never, days)
    found = standing(np.array([probability]), np.zeros(1), accepted, rejected)
    return {"ranking_weight": round(float(found.weight[0]), 6), "held_back": bool(found.held_back[0])}
