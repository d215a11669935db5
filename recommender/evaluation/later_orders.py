"""What clients known at the cut did in the days after it, and what the model thought of it at the cut."""

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from recommender.engine.asking import DEMAND_DAYS, WEEK
from recommender.engine.client_answers import ClientAnswers
from recommender.engine.demand import own_purchases
from recommender.engine.groups import Attributes
from recommender.engine.history import OrderHistory, pair_codes, positions_in
from recommender.engine.horizons import Foretold
from recommender.engine.model import Model
from recommender.engine.purchases import Purchases, purchases_of
from recommender.engine.scoring import score
from recommender.evaluation.lists import BATCH_CLIENTS


@dataclass(frozen=True, slots=True)
class LaterOrders:
    """Lines from the cut on, of products that stand in a history before it; codes are its own.

    days                       how long after the cut the history goes on
    line_client, line_product  (L,) int      the client -1 for one that is not in that history
    line_day                   (L,) float64  days since the cut
    line_quantity              (L,) float64
    order_client, order_day    (O,)          of orders of any product by clients that are in it
    """

    days: float
    products: int
    line_client: np.ndarray
    line_product: np.ndarray
    line_day: np.ndarray
    line_quantity: np.ndarray
    order_client: np.ndarray
    order_day: np.ndarray

    def units(self, client: np.ndarray, product: np.ndarray, days: float) -> np.ndarray:
        """(R,) float64 units that each client took of a product within `days`, 0 for none."""
        return self.over_lines(np.add, client, product, days)

    def largest(self, client: np.ndarray, product: np.ndarray, days: float) -> np.ndarray:
        """(R,) float64, the most units of a product that each client took in one order within `days`, 0 for none."""
        return self.over_lines(np.maximum, client, product, days)

    def over_lines(self, combine: np.ufunc, client: np.ndarray, product: np.ndarray, days: float) -> np.ndarray:
        """(R,) float64, the units of each client's lines of a product within `days` put together, 0 for none."""
        inside = self.line_day < days  # of other clients too: their keys are below zero, and nobody's
        key = pair_codes(self.line_client[inside], self.line_product[inside], self.products)
        bought, position = np.unique(key, return_inverse=True)
        units = np.zeros(len(bought) + 1)  # the last one for what is not there
        combine.at(units, position, self.line_quantity[inside])
        return units[positions_in(bought, pair_codes(client, product, self.products))]

    def ordered(self, clients: int, days: float) -> np.ndarray:
        """(C,) bool: whether the client ordered anything within `days`."""
        return np.bincount(self.order_client[self.order_day < days], minlength=clients) > 0


def later_orders(before: OrderHistory, after: OrderHistory, cut: float) -> LaterOrders:
    """`after` holds the orders of `before`, of these clients and others, and those from day `cut` on."""
    client, product = positions_in(before.clients, after.clients), positions_in(before.products, after.products)
    order_client, line_client, line_product = (
        client[after.order_client], client[after.line_client], product[after.line_product]
    )  # fmt: skip
    lines = (after.line_day >= cut) & (line_product >= 0)
    orders = (after.order_day >= cut) & (order_client >= 0)
    return LaterOrders(
        days=float(after.order_day.max(initial=cut) - cut),
        products=len(before.products),
        line_client=line_client[lines],
        line_product=line_product[lines],
        line_day=after.line_day[lines] - cut,
        line_quantity=after.line_quantity[lines],
        order_client=order_client[orders],
        order_day=after.order_day[orders] - cut,
    )


@dataclass(frozen=True, slots=True)
class KnownAtCut:
    """Every product that every client had bought at the cut: one row (R) a pair, as in `purchases`.

    within    (R,) float64  probability of a purchase within the model's horizon
    usual     (R,) float64  units that the client would take
    foretold  by numbers of days, the usual horizon first
    """

    history: OrderHistory
    purchases: Purchases
    within: np.ndarray
    usual: np.ndarray
    foretold: dict[float, Foretold]
    now: float


def known_at_cut(
    model: Model, history: OrderHistory, now: float, attributes: Attributes, answers: ClientAnswers
) -> KnownAtCut:
    """What is known at day `now` of all that clients had bought, batch by batch.

    Args:
        history: before day `now`; its products are the model's.
        attributes, answers: of its clients.
    """
    spans = sorted({min(days, model.horizon_days) for days in (DEMAND_DAYS, WEEK)}, reverse=True)
    within, usual, foretold = [], [], {days: [] for days in spans}
    clients = len(history.clients)
    for start in tqdm(range(0, clients, BATCH_CLIENTS), desc="At the cut", unit="batch", disable=None):
        chosen = np.arange(start, min(start + BATCH_CLIENTS, clients))
        some = history.of_clients(chosen)
        scores = score(model, some, np.full(len(chosen), now), attributes.of(chosen), answers.of(chosen))
        own, is_own = scores.purchases, ~scores.is_new  # in the same order
        within.append(scores.within_horizon[is_own])
        usual.append(scores.usual)
        own_rate = own_purchases(own, np.full(len(own.client), now), model.demand.days)
        for days, parts in foretold.items():
            features, is_new = scores.features[is_own], scores.is_new[is_own]
            parts.append(model.horizons.foretold(features, is_new, own_rate, days, model.demand))
    return KnownAtCut(
        history, purchases_of(history), np.concatenate(within), np.concatenate(usual),
        {days: Foretold.together(parts) for days, parts in foretold.items()}, now,
    )  # fmt: skip
