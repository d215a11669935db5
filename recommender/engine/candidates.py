"""The products worth judging for a client: all it bought, and the best of what each pointer points to."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.best import best_of
from recommender.engine.client_answers import NO_ANSWERS, ClientAnswers
from recommender.engine.clock import clock_of
from recommender.engine.features import features_of
from recommender.engine.groups import Attributes, codes_in
from recommender.engine.history import OrderHistory, pair_codes, positions_in
from recommender.engine.knowledge import Knowledge
from recommender.engine.pointers import Batch, Pointed, batch_of, points_to
from recommender.engine.purchases import Purchases, purchases_of

NEW_BY_POINTER = 40  # by rule of thumb
CELLS = 8_000_000  # clients x products worked on at once; bounds the memory


@dataclass(frozen=True, slots=True)
class Candidates:
    """One row (R) a client and product, sorted by client, then product.

    client    (R,) int32    position in the batch
    product   (R,) int32    product code of the batch
    purchase  (R,) int32    row of `purchases`, -1 for a product the client never bought
    features  (R, len(FEATURES)) float32, NaN for what is not known
    """

    client: np.ndarray
    product: np.ndarray
    purchase: np.ndarray
    features: np.ndarray
    purchases: Purchases

    @property
    def is_new(self) -> np.ndarray:
        """(R,) bool: never bought by the client."""
        return self.purchase < 0


def candidates_of(
    history: OrderHistory,
    now: np.ndarray,
    attributes: Attributes,
    knowledge: Knowledge,
    sales_until: np.ndarray,
    answers: ClientAnswers = NO_ANSWERS,
) -> Candidates:
    """The candidates of each client of a batch, with the figures that they are judged by.

    Args:
        history: the batch's, over a catalogue that begins with the model's products and may go on.
        now: (C,) float64, days since 1970-01-01 UTC.
        sales_until: (C,) float64, the day up to which it may be known how products sell; `now` at most.
        answers: about what was suggested to the batch's clients; those after `now` are not looked at.
    """
    purchases, clock = purchases_of(history), clock_of(history, now)
    segment, chain = codes_in(attributes.segment, knowledge.segments), codes_in(attributes.chain, knowledge.chains)
    batch = batch_of(history, clock, purchases, knowledge, segment, chain)
    step = max(1, CELLS // max(len(knowledge.products), 1))
    parts = [
        pointed_to(batch.part(slice(first, first + step)), knowledge, first)
        for first in range(0, max(purchases.clients, 1), step)
    ]
    pointed = with_unknown(Pointed.together(parts), purchases, len(knowledge.products))
    purchase = rows_of_purchases(pointed, purchases, len(history.products))
    features = features_of(pointed, purchase, batch, history, clock, purchases, knowledge, sales_until, answers)
    return Candidates(pointed.client, pointed.product, purchase, features, purchases)


def pointed_to(batch: Batch, knowledge: Knowledge, first: int) -> Pointed:
    """What the clients bought of the model's products, and the best of the new; clients counted from `first`."""
    scores = points_to(batch, knowledge)
    own = np.zeros(scores.shape[1:], bool)
    own[np.repeat(np.arange(own.shape[0]), np.diff(batch.bought.indptr)), batch.bought.indices] = True
    chosen = own.copy()
    for score in scores:
        among_new = np.where(own, 0, score)
        chosen |= best_of(among_new, NEW_BY_POINTER) & (among_new > 0)
    client, product = np.nonzero(chosen)
    return Pointed((client + first).astype(np.int32), product.astype(np.int32), scores[:, client, product].T)


def with_unknown(pointed: Pointed, purchases: Purchases, known: int) -> Pointed:
    """The same with what clients bought that the model does not know, and nothing points to."""
    unknown = purchases.product >= known
    if not unknown.any():
        return pointed
    nothing = np.zeros((int(unknown.sum()), pointed.scores.shape[1]), pointed.scores.dtype)
    both = Pointed.together([pointed, Pointed(purchases.client[unknown], purchases.product[unknown], nothing)])
    order = np.lexsort((both.product, both.client))
    return Pointed(both.client[order], both.product[order], both.scores[order])


def rows_of_purchases(pointed: Pointed, purchases: Purchases, products: int) -> np.ndarray:
    """(R,) int32: where each candidate stands among the purchases, -1 for what the client never bought."""
    wanted = pair_codes(pointed.client, pointed.product, products)
    own = pair_codes(purchases.client, purchases.product, products)
    return positions_in(own, wanted).astype(np.int32)
