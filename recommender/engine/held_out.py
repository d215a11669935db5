"""How good the lists are that a model would have made for orders it was not fitted to."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.engine.asking import Asked
from recommender.engine.groups import Attributes
from recommender.engine.heads import TwoHeads
from recommender.engine.history import OrderHistory
from recommender.engine.metrics import BINS, LIST_LENGTH, bin_of, expected_calibration_error, list_metrics
from recommender.engine.questions import Questions, in_next_order

FEWEST_ORDERS = 2  # held out, for a client to have a recall of its own


@dataclass(frozen=True, slots=True)
class HeldOutShare:
    """A share found on held-out orders, of each client that has enough of them, and of each segment; "" is all."""

    clients: dict[str, float]
    segments: dict[str, float]

    def of(self, client: str, segment: str) -> float | None:
        """The client's own, else its segment's, else that of all; None where nothing was held out."""
        return self.clients.get(client, self.segments.get(segment, self.segments.get("")))

    @classmethod
    def of_values(
        cls, values: np.ndarray, client: np.ndarray, history: OrderHistory, attributes: Attributes, fewest: int
    ) -> "HeldOutShare":
        """The means of (R,) values by client ((R,) codes of `history`) where it has `fewest`, and by segment."""
        return cls(
            clients=means(history.clients[client], values, fewest),
            segments=means(attributes.segment[client], values, 1) | means(np.full(len(client), ""), values, 1),
        )


def judge(
    history: OrderHistory, attributes: Attributes, asked: Asked, heads: TwoHeads, held_out: np.ndarray
) -> tuple[dict[str, Any], HeldOutShare]:
    """Metrics over the questions asked when the order was placed, and what they say of clients and segments.

    Args:
        attributes: of the C clients of `history`.
        held_out: (C,) bool, the clients to be judged by; questions without an order before, or with a part of
            them alone, are not.
    """
    questions, candidates = asked.questions, asked.candidates
    judged = whole_next_orders(history, questions, held_out)
    first = np.searchsorted(candidates.client, np.arange(len(questions.now) + 1))
    rows = [np.arange(first[i], first[i + 1]) for i in judged]
    probability = np.zeros(len(candidates.product))
    of_judged = joined(rows)
    probability[of_judged] = heads.probability(candidates.features[of_judged], candidates.is_new[of_judged])
    # Rows of a client are in order of product, so that a stable sort lets ties go by code.
    top = [mine[np.argsort(-probability[mine], kind="stable")[:LIST_LENGTH]] for mine in rows]
    own = [candidates.product[mine[~candidates.is_new[mine]]] for mine in rows]
    values = list_metrics(
        [candidates.product[mine] for mine in top], baskets(history, questions, judged), own, LIST_LENGTH
    )
    shown = joined(top)
    metrics = {
        f"{name}@{LIST_LENGTH}": round(float(np.nanmean(value)), 4)
        for name, value in values.items()
        if not np.isnan(value).all()
    }
    metrics |= {"held_out_orders": len(judged)} | calibration(probability[shown], asked.happened[shown])
    client = questions.client[judged]
    return metrics, HeldOutShare.of_values(values["recall"], client, history, attributes, FEWEST_ORDERS)


def whole_next_orders(history: OrderHistory, questions: Questions, held_out: np.ndarray) -> np.ndarray:
    """(N,) positions of the questions that clients held out are judged by."""
    at_order = questions.now == history.order_day[questions.target]
    before = questions.target - np.searchsorted(history.order_client, questions.client)
    is_whole = np.bincount(questions.history.order_client, minlength=len(before)) == before  # not cut short
    return np.flatnonzero(held_out[questions.client] & at_order & is_whole & (before > 0))


def baskets(history: OrderHistory, questions: Questions, chosen: np.ndarray) -> list[np.ndarray]:
    """The product codes of the order that each question chosen asks for."""
    wanted = in_next_order(history, questions)
    bounds = np.searchsorted(wanted, np.arange(len(questions.now) + 1) * len(history.products))
    return [wanted[bounds[i] : bounds[i + 1]] % len(history.products) for i in chosen]


def joined(rows: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(rows) if rows else np.zeros(0, np.int64)


def calibration(probability: np.ndarray, happened: np.ndarray) -> dict[str, Any]:
    """The calibration error and the bins behind it; {} of no pair. Arguments as of `reliability`."""
    if not len(probability):
        return {}
    return {
        "ece": round(expected_calibration_error(probability, happened), 4),
        "reliability": reliability(probability, happened),
    }


def reliability(probability: np.ndarray, happened: np.ndarray) -> list[dict[str, Any]]:
    """Of each bin of confidences that holds a pair: the mean promised, the share that happened, and their count.

    Args:
        probability: (N,) float64; happened: (N,) bool.
    """
    number = bin_of(probability)
    count = np.bincount(number, minlength=BINS)
    promised, came_true = (np.bincount(number, values, BINS) for values in (probability, happened))
    return [
        {
            "promised": round(float(promised[i] / count[i]), 4),
            "happened": round(float(came_true[i] / count[i]), 4),
            "count": int(count[i]),
        }
        for i in np.flatnonzero(count)
    ]


def means(names: np.ndarray, values: np.ndarray, fewest: int) -> dict[str, float]:
    """Name -> mean of its values, of the names that have `fewest` or more."""
    found, position, count = np.unique(names, return_inverse=True, return_counts=True)
    mean = np.bincount(position, values, minlength=len(found)) / np.maximum(count, 1)
    return {str(name): round(float(mean[i]), 4) for i, name in enumerate(found) if count[i] >= fewest}
