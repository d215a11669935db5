"""Reps' answers on their way from PostgreSQL to the engine: for requests, for training, for lists."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from recommender.client_groups import attributes_of
from recommender.engine.outcomes import MEMORY_DAYS, Acceptance, Answers, Standing, standing
from recommender.models import Outcome, SuggestedLine
from recommender.order_rows import SECONDS_PER_DAY
from recommender.request_history import as_of, day_of
from recommender.requests import FormerOutcome, SuggestionRequest

Outcomes = dict[str, FormerOutcome]


def former_outcomes(clients: Sequence[str], since: datetime) -> dict[str, Outcomes]:
    """client -> product -> the last answer given after `since`; one query however many clients."""
    found: dict[str, Outcomes] = defaultdict(dict)
    answers = SuggestedLine.objects.last_answers(sorted(set(clients)), since)
    for client, product, outcome, at in answers.values_list("client", "product", "outcome", "outcome_at"):
        found[client][product] = FormerOutcome(outcome == Outcome.ACCEPTED, at)
    return found


def remembered_since(moment: datetime) -> datetime:
    """Answers before that have no effect on a list of that moment."""
    return moment - timedelta(days=MEMORY_DAYS)


def answers_before(until: datetime) -> Answers:
    """The answers given before `until` to what was suggested: all that a model may learn from.

    One that was changed since then is not among them: what it was before is not known any more.
    """
    lines = SuggestedLine.objects.suggested().answered().filter(outcome_at__lt=until)
    rows = lines.order_by("outcome_at", "activity", "product").values_list(
        "client", "rep", "product", "outcome_at", "confidence", "outcome"
    )
    client, rep, product, at, confidence, outcome = zip(*rows, strict=True) if rows else ((),) * 6
    return Answers(
        client=np.array(client, dtype=str),
        segment=attributes_of(client).segment,
        rep=np.array(rep, dtype=str),
        product=np.array(product, dtype=str),
        day=np.array([moment.timestamp() // SECONDS_PER_DAY for moment in at], dtype=np.int64),
        confidence=np.array(confidence, dtype=float),
        accepted=np.array([each == Outcome.ACCEPTED for each in outcome], dtype=bool),
    )


def standing_of(
    requests: Sequence[SuggestionRequest],
    client: np.ndarray,
    products: np.ndarray,
    probability: np.ndarray,
    segment: np.ndarray,
    acceptance: Acceptance,
) -> Standing:
    """Where R judged products stand in the lists of their requests.

    An answer's age is reckoned at the moment of judgement. One that came later than `asOf` counts as
    given just then: `asOf` takes orders back in time, not what the client's rep has said.

    Args:
        client: (R,) int, the request's position; products: (R,) str; probability: (R,) float64.
        segment: (len(requests),) str.
    """
    accepted, rejected = np.full((2, len(client)), np.nan)
    effect = np.zeros(len(client))
    now = [day_of(as_of(request)) for request in requests]
    segments = segment.tolist()
    for row, (position, product) in enumerate(zip(client.tolist(), products.tolist(), strict=True)):
        effect[row] = acceptance.effect(segments[position], product)
        if former := requests[position].outcomes.get(product):
            days = accepted if former.accepted else rejected
            days[row] = now[position] - day_of(former.at)
    return standing(probability, effect, accepted, rejected)
