"""Reps who accept suggestions by a rule that the engine is not told."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from recommender.models import Client, Order, OrderLine, Product

ROUND = timedelta(days=28)
# Standard deviations, in log odds of accepting.
TASTE, TASTE_OF_SEGMENT, STRICTNESS = 1.5, 0.7, 0.5
NEED = 1.0  # log odds more for what the client orders by the next round, and less for what it does not


@dataclass(frozen=True)
class Clientele:
    """Who is asked. names, segments, reps (C,) str; `answering` (C,) bool: those whose reps report their answers."""

    names: list[str]
    segments: list[str]
    reps: list[str]
    answering: np.ndarray


def clientele(seed: int) -> Clientele:
    """All clients with orders; half of them, drawn by `seed`, have reps that report."""
    found = dict(Client.objects.filter(orders__isnull=False).values_list("external_id", "segment"))
    rep_of = dict(
        Order.objects.order_by("client_id", "-ordered_at")
        .distinct("client_id")
        .values_list("client__external_id", "rep__external_id")
    )
    names = sorted(found)
    answering = np.random.default_rng(seed).random(len(names)) < 0.5
    return Clientele(names, [found[name] for name in names], [rep_of[name] for name in names], answering)


class HiddenRule:
    """Accepts where taste, need, the rep's strictness and chance together come out above zero.

    Chance is drawn once for each round, client and product: two engines that suggest the same get
    the same answer.
    """

    def __init__(self, clients: Clientele, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.clients = clients
        products = sorted(Product.objects.values_list("external_id", flat=True))
        self.code = {product: code for code, product in enumerate(products)}
        of_all = self.random.normal(0, TASTE, len(products))
        segments, segment = np.unique(clients.segments, return_inverse=True)
        of_segment = self.random.normal(0, TASTE_OF_SEGMENT, (len(segments), len(products)))
        reps, rep = np.unique(clients.reps, return_inverse=True)
        strictness = self.random.normal(0, STRICTNESS, len(reps))
        self.liking = of_all + of_segment[segment] - strictness[rep][:, None]

    def answers(self, now: datetime) -> np.ndarray:
        """(C, P) bool: what each client's rep would say to each product in the round that begins then."""
        chance = self.random.logistic(size=self.liking.shape)
        return self.liking + np.where(self.bought(now), NEED, -NEED) + chance > 0

    def bought(self, now: datetime) -> np.ndarray:
        """(C, P) bool: ordered in the round that begins then."""
        place = {name: position for position, name in enumerate(self.clients.names)}
        lines = OrderLine.objects.filter(
            order__ordered_at__gte=now, order__ordered_at__lt=now + ROUND, quantity__gt=0
        ).values_list("order__client__external_id", "product__external_id")
        found = np.zeros(self.liking.shape, bool)
        for client, product in lines.iterator():
            found[place[client], self.code[product]] = True
        return found
