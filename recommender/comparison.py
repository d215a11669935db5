"""Two model versions, judged on the orders that came after the data of the one that answers."""

from typing import Any

import numpy as np

from recommender import registry
from recommender.client_groups import attributes_of
from recommender.engine.bootstrap import FEWEST_CLIENTS, Bootstrap
from recommender.engine.client_answers import ClientAnswers
from recommender.engine.groups import Attributes
from recommender.engine.history import OrderHistory
from recommender.engine.metrics import LIST_LENGTH, RECALL
from recommender.engine.model import Model
from recommender.engine.outcomes import Answers
from recommender.engine.questions import MOST_LINES, drawn, prefixes, thinned
from recommender.engine.scoring import score
from recommender.errors import DamagedArtifactError
from recommender.models import ModelVersion, Order
from recommender.moments import day_of
from recommender.order_rows import read_order_rows
from recommender.outcomes import answers_about, answers_before

MOST_CLIENTS = 2000
MOST_ORDERS = 4000
ORDERS_AT_ONCE = 500  # bounds the memory that scoring takes

Verdict = ModelVersion.Verdict


def compare(candidate: ModelVersion, active: ModelVersion, seed: int = 0) -> dict[str, Any]:
    """Both versions asked, at each order after the active one's data, for the products of that order.

    What they know of the client is what stood, and was answered, before the order, less what came back since; the
    figure is the mean recall at 10 of each client, and the interval that of the paired difference over clients (95%,
    bootstrap).

    The candidate was trained on these very orders and the active version was not, which favours the
    candidate. So this stops what is broken; it does not prove what is better. `evaluate_recommender`
    and an A/B test do that.

    Returns a document with `verdict` and `reason`, and where they were judged `against`, `clients`,
    `orders`, `recall@10` and `difference`. Raises DamagedArtifactError for the candidate.
    """
    if candidate.data_until < active.data_until:
        return {
            "verdict": Verdict.OLDER,
            "reason": f"Its data ends on {candidate.data_until:%Y-%m-%d %H:%M}, before that of {active.version} "
            f"({active.data_until:%Y-%m-%d %H:%M}).",
        }
    asked = registry.load(candidate)
    try:
        present = registry.load(active)
    except DamagedArtifactError as error:
        return not_judged(str(error))
    history = read_order_rows(candidate.data_until, clients_between(active, candidate, seed)).baskets()
    answers = answers_before(candidate.data_until)
    orders = orders_from(history, day_of(active.data_until), seed)
    clients = len(np.unique(history.order_client[orders]))
    if clients < FEWEST_CLIENTS:
        return not_judged(
            f"{clients} clients ordered between the ends of the two versions' data; "
            f"fewer than {FEWEST_CLIENTS} are too few to judge by."
        )
    recalls = [
        client_means(history, orders, recall_of_orders(model, history, orders, answers)) for model in (asked, present)
    ]
    difference = recalls[0] - recalls[1]
    found = Bootstrap(len(difference), seed).mean(difference)
    mean, low, high = found.value, found.low, found.high
    own, others = (float(recall.mean()) for recall in recalls)
    return {
        "verdict": Verdict.WORSE if high < 0 else Verdict.NOT_WORSE,
        "reason": f"Recall@{LIST_LENGTH} {own:.4f} against {others:.4f} of {active.version} over {len(orders):,} "
        f"orders of {clients:,} clients from {active.data_until:%Y-%m-%d} on. The difference is {mean:+.4f} "
        f"[{low:+.4f}, {high:+.4f}]: {'worse' if high < 0 else 'not shown to be worse'}.",
        "against": active.version,
        "clients": clients,
        "orders": len(orders),
        RECALL: {"candidate": round(own, 4), "active": round(others, 4)},
        "difference": {"mean": round(mean, 4), "low": round(low, 4), "high": round(high, 4)},
    }


def not_judged(reason: str) -> dict[str, Any]:
    return {"verdict": Verdict.NOT_JUDGED, "reason": reason}


def clients_between(active: ModelVersion, candidate: ModelVersion, seed: int) -> list[str]:
    """Clients that bought something between the ends of the two versions' data; at most so many, drawn by `seed`."""
    between = Order.objects.filter(ordered_at__gte=active.data_until, ordered_at__lt=candidate.data_until)
    bought = between.filter(lines__quantity__gt=0).values_list("client__external_id", flat=True)
    return drawn(np.array(sorted(bought.distinct())), MOST_CLIENTS, np.random.default_rng(seed)).tolist()


def orders_from(history: OrderHistory, day: float, seed: int) -> np.ndarray:
    """(N,) positions of the orders from `day` on; at most so many, drawn by `seed`, the fewer with long histories."""
    random = np.random.default_rng(seed)
    orders = drawn(np.flatnonzero(history.order_day >= day), MOST_ORDERS, random)
    first = np.searchsorted(history.order_client, history.order_client[orders])
    lines = np.searchsorted(history.line_order, orders) - np.searchsorted(history.line_order, first)
    return orders[thinned(lines, MOST_LINES, random)]


def client_means(history: OrderHistory, orders: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(C,) mean of the values of each client's orders, in order of the clients that have some."""
    position = np.unique(history.order_client[orders], return_inverse=True)[1]
    return np.bincount(position, values) / np.bincount(position)


def recall_of_orders(model: Model, history: OrderHistory, orders: np.ndarray, answers: Answers) -> np.ndarray:
    """(N,) share of each order's products that the model names in its ten, asked just before the order."""
    known = history.in_catalogue(model.knowledge.products)
    attributes, known_answers = attributes_of(known.clients.tolist()), answers_about(known, answers)
    return np.concatenate(
        [
            recall_of_batch(model, known, batch, attributes, known_answers)
            for batch in np.split(orders, range(ORDERS_AT_ONCE, len(orders), ORDERS_AT_ONCE))
        ]
    )


def recall_of_batch(
    model: Model, history: OrderHistory, orders: np.ndarray, attributes: Attributes, answers: ClientAnswers
) -> np.ndarray:
    client = history.order_client[orders]
    before = prefixes(history, client, np.searchsorted(history.order_client, client), orders)
    scores = score(model, before, history.order_day[orders], attributes.of(client), answers.of(client))
    first, stop = np.searchsorted(history.line_order, [orders, orders + 1])
    return np.array(
        [
            np.isin(history.line_product[start:end], scores.product[best]).mean()
            for start, end, best in zip(first, stop, scores.best(LIST_LENGTH), strict=True)
        ]
    )
