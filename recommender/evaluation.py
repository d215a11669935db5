"""Evaluate: a model trained on the orders before a moment, judged on the orders after it."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from recommender.client_groups import attributes_of
from recommender.engine import baselines
from recommender.engine.history import OrderHistory
from recommender.engine.metrics import expected_calibration_error, list_metrics, mean_with_interval
from recommender.engine.samples import Samples, bought_within, prefixes
from recommender.engine.scoring import score
from recommender.engine.training import is_among, train
from recommender.errors import NotEnoughHistoryError
from recommender.order_rows import read_order_rows
from recommender.request_history import day_of

LIST_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`methods`: method -> metric -> (mean, low, high) over clients, with the 95% bootstrap interval."""

    cut: datetime
    until: datetime
    clients: int
    trained_orders: int
    methods: dict[str, dict[str, tuple[float, float, float]]]
    calibration_error: float


def evaluate(cut: datetime, until: datetime, seed: int = 0) -> Evaluation:
    """Train on the orders before `cut`; find each client's first order from `cut` to `until`.

    What is known of a client at that order is what stood in the history at `cut`; `now` is the time
    of the order. Clients that never ordered before `cut` are not judged.

    Raises NotEnoughHistoryError where one of the two sides is empty.
    """
    before = read_order_rows(cut).baskets()
    after = read_order_rows(until).baskets()
    first_orders = first_orders_from(after, day_of(cut), before.clients)
    if not len(before.order_day) or not len(first_orders):
        raise NotEnoughHistoryError(
            f"There are {len(before.order_day)} orders before {cut:%Y-%m-%d} and {len(first_orders)} clients of theirs "
            "that ordered after it; choose another cut."
        )
    attributes = attributes_of(before.clients.tolist())
    model = train(before, attributes, day_of(cut), seed)
    samples = samples_at(before, after, first_orders)
    baskets = [codes_in(before, after, basket) for basket in bought_within(after, samples, None)]
    scores = score(model, samples.history, samples.now, attributes.of(samples.client))
    rows = scores.best(LIST_LENGTH)
    own = scores.purchases
    first_own = np.searchsorted(own.client, np.arange(len(samples.now) + 1))
    bought = [own.product[first_own[i] : first_own[i + 1]] for i in range(len(samples.now))]
    popular = baselines.global_top(before)
    lists = {
        "Sales AI": [scores.product[row] for row in rows],
        "GP-TopFreq": baselines.personal_top(own, len(samples.now), popular, LIST_LENGTH),
        "G-TopFreq": [popular[:LIST_LENGTH]] * len(samples.now),
    }
    shown = np.concatenate(rows)
    return Evaluation(
        cut=cut,
        until=until,
        clients=len(samples.now),
        trained_orders=len(before.order_day),
        methods={
            method: {
                f"{name}@{LIST_LENGTH}": mean_with_interval(values, seed)
                for name, values in list_metrics(suggested, baskets, bought, LIST_LENGTH).items()
            }
            for method, suggested in lists.items()
        },
        calibration_error=expected_calibration_error(
            scores.next_order[shown], is_among(scores, baskets, len(before.products))[shown]
        ),
    )


def first_orders_from(history: OrderHistory, cut: float, clients: np.ndarray) -> np.ndarray:
    """Positions of the first order from day `cut` on of each of the named clients that has one."""
    late = np.flatnonzero((history.order_day >= cut) & np.isin(history.clients, clients)[history.order_client])
    return late[np.r_[True, np.diff(history.order_client[late]) != 0]] if len(late) else late


def samples_at(before: OrderHistory, after: OrderHistory, target: np.ndarray) -> Samples:
    client = np.searchsorted(before.clients, after.clients[after.order_client[target]]).astype(np.int32)
    first, stop = np.searchsorted(before.order_client, client), np.searchsorted(before.order_client, client, "right")
    return Samples(client=client, now=after.order_day[target], target=target, history=prefixes(before, first, stop))


def codes_in(before: OrderHistory, after: OrderHistory, basket: np.ndarray) -> np.ndarray:
    """A basket in the codes of `before`; a product it does not know gets a code that nothing suggests."""
    ids = after.products[basket]
    code = np.searchsorted(before.products, ids).clip(max=len(before.products) - 1)
    return np.where(before.products[code] == ids, code, len(before.products) + basket)
