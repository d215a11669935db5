"""What an A/B test has shown so far: acceptance on either side, and how far the difference could be chance."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import Count, Q

from recommender.ab_test import answering
from recommender.engine.bootstrap import FEWEST_CLIENTS, Bootstrap, Estimate
from recommender.models import ModelVersion, Outcome, SuggestedLine

MOST_CLIENTS = 4000  # the bootstrap takes 8 kB a client; the first of them by id, which is not related to the side


@dataclass(frozen=True, slots=True)
class AcceptanceDifference:
    """Mean acceptance over the clients of each side; `difference` is the newer version's less the older's."""

    older: ModelVersion
    newer: ModelVersion
    since: datetime
    clients: tuple[int, int]
    acceptance: tuple[Estimate, Estimate]
    difference: Estimate

    @property
    def is_telling(self) -> bool:
        """Whether there are enough clients for the interval of the difference to mean something."""
        return min(self.clients) >= FEWEST_CLIENTS


def compare_sides() -> AcceptanceDifference | None:
    """Of the two versions that answer now, from the start of their test on; None where there is no test.

    A client counts once, however many lines were answered for it: its lines are not independent. Lines of the
    other side's version, as who asked for it by name has got, do not count: who asks is not drawn by lot.
    """
    active = list(ModelVersion.objects.active().order_by("number"))
    if len(active) != 2:
        return None
    since = max(version.activated_at for version in active)
    answered = Count("pk")
    accepted = Count("pk", filter=Q(outcome=Outcome.ACCEPTED))
    rows = (
        SuggestedLine.objects.suggested()
        .answered()
        .filter(model_version__in=active, suggested_at__gte=since)
        .order_by("client")
        .values("client", "model_version")
        .annotate(answered=answered, accepted=accepted)[: 2 * MOST_CLIENTS]
    )
    clients = sorted({row["client"] for row in rows})[:MOST_CLIENTS]
    place = {client: i for i, client in enumerate(clients)}
    shares = {version.pk: np.full(len(clients), np.nan) for version in active}
    for row in rows:
        if row["client"] in place and answering(active, row["client"]).pk == row["model_version"]:
            shares[row["model_version"]][place[row["client"]]] = row["accepted"] / row["answered"]
    older, newer = (shares[version.pk] for version in active)
    bootstrap = Bootstrap(len(clients), seed=0)
    return AcceptanceDifference(
        *active,
        since=since,
        clients=(int((~np.isnan(older)).sum()), int((~np.isnan(newer)).sum())),
        acceptance=(bootstrap.mean(older), bootstrap.mean(newer)),
        difference=bootstrap.difference(newer, older),
    )
