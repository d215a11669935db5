"""Score: which products each client of a batch will buy, with probabilities."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from recommender.engine.candidates import candidates_of
from recommender.engine.client_answers import NO_ANSWERS, ClientAnswers
from recommender.engine.companions import strongest_companions
from recommender.engine.groups import Attributes
from recommender.engine.history import OrderHistory
from recommender.engine.model import Model
from recommender.engine.purchases import Purchases
from recommender.engine.quantities import usual_quantities


@dataclass(frozen=True)
class Scores:
    """One row (R) a client and product, sorted by client, then product.

    client     (R,) int32    position in the batch
    product    (R,) int32    product code of the batch
    purchase   (R,) int32    row of `purchases`, -1 for a product the client never bought
    goes_with  (R,) int32    the product of the client's own that points to it most, -1 for none
    features   (R, len(FEATURES)) float32
    usual      units that the client would take, for each row of `purchases`, float64
    """

    client: np.ndarray
    product: np.ndarray
    purchase: np.ndarray
    goes_with: np.ndarray
    features: np.ndarray
    purchases: Purchases
    usual: np.ndarray
    model: Model

    @property
    def is_new(self) -> np.ndarray:
        """(R,) bool: never bought by the client."""
        return self.purchase < 0

    @cached_property
    def next_order(self) -> np.ndarray:
        """(R,) float64, to six decimals: probability that the client's next order contains the product."""
        return self.model.next_order.probability(self.features, self.is_new)

    @cached_property
    def within_horizon(self) -> np.ndarray:
        """(R,) float64, to six decimals: probability that the client buys it within the model's `horizon_days`."""
        return self.model.horizons.heads.probability(self.features, self.is_new)

    def probability(self, of_next_order: np.ndarray) -> np.ndarray:
        """(R,) float64: `next_order` where `of_next_order` ((R,) bool), else `within_horizon`; judged once each."""
        found = np.empty(len(self.product))
        for heads, rows in ((self.model.next_order, of_next_order), (self.model.horizons.heads, ~of_next_order)):
            found[rows] = heads.probability(self.features[rows], self.is_new[rows])
        return found

    def best(self, count: int, only_new: bool = False) -> list[np.ndarray]:
        """Per client of the batch, the rows with the highest `next_order`, best first; ties go by code."""
        rows = np.flatnonzero(self.is_new) if only_new else np.arange(len(self.client))
        rows = rows[np.lexsort((self.product[rows], -self.next_order[rows], self.client[rows]))]
        bounds = np.searchsorted(self.client[rows], np.arange(self.purchases.clients + 1))
        return [rows[start : min(start + count, stop)] for start, stop in pairwise(bounds)]


def score(
    model: Model,
    history: OrderHistory,
    now: np.ndarray,
    attributes: Attributes,
    answers: ClientAnswers = NO_ANSWERS,
) -> Scores:
    """Find every candidate of every client of a batch, to be judged; a client alone gets the same bytes as in a batch.

    Args:
        history: the batch's orders before each client's `now`; its catalogue begins with the model's
            products and may go on.
        now: (C,) float64, days since 1970-01-01 UTC.
        attributes: of the C clients.
        answers: of their reps, by the batch's codes; what came after `now` is not looked at.
    """
    knowledge = model.knowledge
    candidates = candidates_of(history, now, attributes, knowledge, np.minimum(now, knowledge.as_of), answers)
    purchases = candidates.purchases
    return Scores(
        client=candidates.client,
        product=candidates.product,
        purchase=candidates.purchase,
        goes_with=strongest_companions(candidates, knowledge),
        features=candidates.features,
        purchases=purchases,
        usual=usual_quantities(history, purchases, knowledge.quantity),
        model=model,
    )
