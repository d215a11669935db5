"""How many of the suggested upgrades were bought after the cut, beside the dearest product of the same category.

Larger volumes of what the client buys have no such rule beside them: what was promised is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from tqdm import tqdm

from recommender.cases import Case
from recommender.engine.bootstrap import Bootstrap, Estimate
from recommender.engine.knowledge import Knowledge
from recommender.engine.made_categories import made_categories
from recommender.engine.model import Model
from recommender.engine.outcomes import NOTHING_LEARNED
from recommender.engine.questions import drawn
from recommender.evaluation.later_orders import LaterOrders
from recommender.evaluation.lists import OURS
from recommender.items import Item, made_kind
from recommender.listing import make_listing
from recommender.models import ModelVersion, Product
from recommender.purposes import choose
from recommender.requests import UPSELL, SuggestionRequest
from recommender.suggestions import cases_of

DEAREST = "dearest of the category"
AT_MOST_CLIENTS = 1_500  # lists are made one by one, as for a request
BATCH_CLIENTS = 100
SHORTEST_DAYS = 28


@dataclass(frozen=True, slots=True)
class UpsellBacktest:
    """Share of suggestions bought within `days`, as many of the one kind as of the other for each client.

    clients      that something was suggested to
    suggestions  method -> how many
    """

    days: float
    clients: int
    suggestions: dict[str, int]
    bought: dict[str, Estimate]
    difference: Estimate
    volumes: "VolumeBacktest | None"


@dataclass(frozen=True, slots=True)
class VolumeBacktest:
    """Larger volumes suggested: mean confidence, and the share of them that were taken at once within the days."""

    suggestions: int
    promised: Estimate
    taken: Estimate


def upsell_backtest(
    model: Model, clients: np.ndarray, later: LaterOrders, cut: datetime, seed: int
) -> UpsellBacktest | None:
    """Over the model's horizon, or what of it the history covers; None where that is short or nothing was suggested.

    Args:
        clients: (C,) str, those known at the cut; codes of `later`.
    """
    days = min(model.horizon_days, later.days)
    if days < SHORTEST_DAYS:
        return None
    known = model.knowledge.products
    dearest = DearestOfCategory(model.knowledge)
    pairs: dict[str, list[tuple[int, str]]] = {OURS: [], DEAREST: []}
    volumes: list[tuple[int, Item, int]] = []
    asked = drawn(np.arange(len(clients)), AT_MOST_CLIENTS, np.random.default_rng(seed))
    for start in tqdm(range(0, len(asked), BATCH_CLIENTS), desc="Upgrades", unit="batch", disable=None):
        some = asked[start : start + BATCH_CLIENTS]
        for client, case in zip(some.tolist(), upsell_cases(model, clients[some], cut, dearest.made), strict=True):
            choice = choose(case)
            lines = make_listing(choice.chosen, case.request).lines
            volumes += [(client, item, terms.quantity) for item, terms in lines if not item.is_new]
            listed = [item for item, _ in lines if item.is_new]
            pairs[OURS] += [(client, item.product) for item in listed]
            replaced = [choice.upgrades[item.product].replaced for item in listed]
            pairs[DEAREST] += [(client, product) for product in dearest.instead_of(replaced, case)]
    if not pairs[OURS]:
        return None
    bootstrap = Bootstrap(len(asked), seed)
    bought, count = {}, {}
    for name, of_method in pairs.items():
        client = np.array([client for client, _ in of_method], np.int64)
        product = np.searchsorted(known, [product for _, product in of_method])
        position = np.searchsorted(asked, client)
        came = later.units(client, product, days) > 0
        bought[name] = np.bincount(position, came, len(asked))
        count[name] = np.bincount(position, minlength=len(asked))
    return UpsellBacktest(
        days=days,
        clients=int((count[OURS] > 0).sum()),
        suggestions={name: int(of_clients.sum()) for name, of_clients in count.items()},
        bought={name: bootstrap.ratio(bought[name], count[name]) for name in pairs},
        difference=bootstrap.ratio(bought[OURS] - bought[DEAREST], count[OURS]),
        volumes=volume_backtest(volumes, asked, known, later, days, bootstrap),
    )


def volume_backtest(
    volumes: list[tuple[int, Item, int]],
    asked: np.ndarray,
    known: np.ndarray,
    later: LaterOrders,
    days: float,
    bootstrap: Bootstrap,
) -> VolumeBacktest | None:
    """`volumes`: (client, item, units) of each suggestion."""
    if not volumes:
        return None
    client = np.array([client for client, _, _ in volumes], np.int64)
    product = np.searchsorted(known, [item.product for _, item, _ in volumes])
    taken = later.largest(client, product, days) >= [units for _, _, units in volumes]
    position = np.searchsorted(asked, client)
    count = np.bincount(position, minlength=len(asked))

    def mean(values: np.ndarray) -> Estimate:
        return bootstrap.ratio(np.bincount(position, values, len(asked)), count)

    return VolumeBacktest(len(volumes), mean(np.array([item.probability for _, item, _ in volumes])), mean(taken))


def upsell_cases(model: Model, clients: np.ndarray, cut: datetime, made: np.ndarray) -> Iterator[Case]:
    requests = [SuggestionRequest(client=client, purpose=UPSELL, now=cut) for client in clients.tolist()]
    return cases_of(ModelVersion(data_until=cut), model, NOTHING_LEARNED, requests, lambda: made)


class DearestOfCategory:
    """What a simple rule would suggest: of the category of what is bought, the dearest that is not bought yet.

    made  (P,) labels of the categories made from orders, for products that have none of their own
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.made = made_categories(knowledge.similarity, knowledge.buyers)
        own = dict(Product.objects.filter(active=True).values_list("external_id", "category"))
        of_kind: dict[str, list[tuple[float, str]]] = {}
        for code, product in enumerate(knowledge.products.tolist()):
            kind = own.get(product) or made_kind(self.made[code])
            if product in own and kind and not np.isnan(knowledge.price[code]):
                of_kind.setdefault(kind, []).append((-float(knowledge.price[code]), product))
        self.of_kind = {kind: [product for _, product in sorted(members)] for kind, members in of_kind.items()}

    def instead_of(self, replaced: list[Item], case: Case) -> list[str]:
        """One product for each of `replaced`, none twice; none where the client has all of the category."""
        found: dict[str, None] = {}
        for item in replaced:
            fresh = (product for product in self.of_kind.get(item.kind, ()) if product not in case.own)
            if product := next((product for product in fresh if product not in found), None):
                found[product] = None
        return list(found)
