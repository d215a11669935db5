"""Evaluate: a model trained on the orders before a moment, judged on the orders after it."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from recommender.client_groups import attributes_of
from recommender.engine.bootstrap import Bootstrap
from recommender.engine.calibrated_counting import CalibratedCounting
from recommender.engine.client_answers import NO_ANSWERS
from recommender.engine.history import OrderHistory, pair_codes
from recommender.engine.model import Model
from recommender.engine.outcomes import Answers
from recommender.engine.purchases import purchases_of
from recommender.engine.questions import drawn
from recommender.engine.training import train
from recommender.errors import NotEnoughHistoryError
from recommender.evaluation.calibration import Calibration, calibration
from recommender.evaluation.churn import ChurnBacktest, churn_backtest
from recommender.evaluation.comparison import MethodsCompared, compare
from recommender.evaluation.demand import DemandBacktest, demand_backtests
from recommender.evaluation.judged import JudgedOrders, first_orders, judge_on
from recommender.evaluation.later_orders import known_at_cut, later_orders
from recommender.evaluation.lists import OURS, PERSONAL, Suggested, counted_lists, suggested_by
from recommender.evaluation.product_forecasts import SeriesGroup, product_backtest
from recommender.evaluation.terms_backtest import Backtest, backtest
from recommender.evaluation.upsell import UpsellBacktest, upsell_backtest
from recommender.moments import day_of
from recommender.order_rows import read_order_rows
from recommender.outcomes import answers_about
from recommender.partitions import HERE, Spread
from recommender.training import end_of_data
from recommender.training_windows import known_before

AT_MOST_CLIENTS = 10_000  # judged; more would make the intervals little narrower


@dataclass(frozen=True, slots=True)
class Occasion:
    """Lists asked for at one kind of moment, and whether their confidences were kept.

    whole              all products
    explore            lists of products new to the client alone
    calibration        of the confidences of our first 20, and of counting on those same pairs
    counting_pairs     the same on the pairs of GP-TopFreq's first 20; what we do not judge has confidence 0
    """

    whole: MethodsCompared
    explore: MethodsCompared
    calibration: Calibration
    counting_pairs: Calibration


@dataclass(frozen=True, slots=True)
class AfterCut:
    """What was foretold at the cut itself, held against the days after it; nothing where those are too few.

    demand    units by client and product, over the usual horizon and over a week
    products  units by product, of all clients
    """

    demand: list[DemandBacktest]
    products: list[SeriesGroup] | None
    upsell: UpsellBacktest | None
    churn: ChurnBacktest | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures with 95% bootstrap intervals over the judged clients.

    at_order         asked at the time of the order to be found
    between_orders   asked at a moment drawn between the client's last order, or the cut where that
                     is later, and the order to be found
    new_clients      those that never ordered before the cut, None where there are none
    quantity, price  of products bought again, None where nothing is known of them
    after_cut        forecasts, upgrades and clients that stop ordering
    """

    cut: datetime
    until: datetime
    seed: int
    trained_orders: int
    trained_clients: int
    judged_clients: int
    judged_new_clients: int
    at_order: Occasion
    between_orders: Occasion
    new_clients: MethodsCompared | None
    quantity: Backtest | None
    price: Backtest | None
    after_cut: AfterCut


def evaluate(cut: datetime, until: datetime, seed: int = 0, spread: Spread = HERE) -> Evaluation:
    """Train on the orders before `cut`; find each client's first order from `cut` to `until`.

    What is known of a client at that order is what stood in the history at `cut`. Clients that
    never ordered before are judged apart. Of more than AT_MOST_CLIENTS a sample is judged.

    Raises:
        NotEnoughHistoryError: one of the two sides is empty.
        ClusterError: the shards of the training could not be done where `spread` says.
    """
    after = read_order_rows(until).baskets()
    with known_before(cut, spread) as ((before, attributes, answers), ask):
        known, new = orders_to_find(before, after, day_of(cut), seed)
        if not len(before.order_day) or not len(known.ordered):
            raise NotEnoughHistoryError(
                f"There are {len(before.order_day)} orders before {cut:%Y-%m-%d} and {len(known.ordered)} clients of "
                "theirs that ordered after it; choose another cut."
            )
        known_until = day_of(end_of_data(before, cut))
        model = train(before, attributes, known_until, seed, answers_about(before, answers), ask)
    judge = Judge(before, known, model, answers, Bootstrap(len(known.ordered), seed))
    at_order = judge.suggested(known.ordered, "At the order")
    between = judge.suggested(np.random.default_rng(seed).uniform(day_of(cut), known.ordered), "Between orders")
    return Evaluation(
        cut=cut,
        until=until,
        seed=seed,
        trained_orders=len(before.order_day),
        trained_clients=len(before.clients),
        judged_clients=len(known.ordered),
        judged_new_clients=len(new.ordered),
        at_order=judge.occasion(at_order),
        between_orders=judge.occasion(between),
        new_clients=judge_new_clients(before, new, model, seed) if len(new.ordered) else None,
        quantity=judge.backtested(known.quantity, known.history.line_quantity, at_order.quantity),
        price=judge.backtested(known.price, known.history.line_price, at_order.price),
        after_cut=after_cut(before, after, model, answers, cut, seed),
    )


def after_cut(
    before: OrderHistory, after: OrderHistory, model: Model, answers: Answers, cut: datetime, seed: int
) -> AfterCut:
    """Of all the clients of `before`, whether they order again or not; of more than AT_MOST_CLIENTS a sample."""
    later = later_orders(before, after, day_of(cut))
    some = before.of_clients(drawn(np.arange(len(before.clients)), AT_MOST_CLIENTS, np.random.default_rng(seed)))
    later_of_some = later_orders(some, after, day_of(cut))
    at_cut = known_at_cut(model, some, day_of(cut), attributes_of(some.clients.tolist()), answers_about(some, answers))
    return AfterCut(
        demand=demand_backtests(at_cut, later_of_some, model, seed),
        products=product_backtest(before, later, model.outlook, day_of(cut), seed),
        upsell=upsell_backtest(model, some.clients, later_of_some, cut, seed),
        churn=churn_backtest(at_cut, later_of_some, seed),
    )


def orders_to_find(
    before: OrderHistory, after: OrderHistory, cut: float, seed: int
) -> tuple[JudgedOrders, JudgedOrders]:
    """(of clients that ordered before the cut, of new ones)."""
    orders = first_orders(after, cut)
    is_known = np.isin(after.clients, before.clients[np.unique(before.order_client)])[after.order_client[orders]]
    random = np.random.default_rng(seed)
    known, new = (drawn(some, AT_MOST_CLIENTS, random) for some in (orders[is_known], orders[~is_known]))
    return judge_on(before, after, known), judge_on(before, after, new)


class Judge:
    """What all occasions share: the orders to be found, and what counting says about them."""

    def __init__(
        self, before: OrderHistory, judged: JudgedOrders, model: Model, answers: Answers, bootstrap: Bootstrap
    ) -> None:
        self.answers = answers_about(judged.history, answers)
        self.judged, self.model, self.bootstrap = judged, model, bootstrap
        self.attributes = attributes_of(judged.clients.tolist())
        self.baskets, self.bought = judged.baskets, judged.bought
        self.own = purchases_of(judged.history)
        self.whole, self.explore = counted_lists(before, self.own, len(judged.ordered))
        self.counting = CalibratedCounting(before)
        self.code_before = np.searchsorted(before.clients, judged.clients)

    def suggested(self, now: np.ndarray, about: str) -> Suggested:
        """`now`: (N,) days since 1970-01-01 UTC at which the lists are asked for."""
        return suggested_by(self.model, self.judged, now, self.attributes, self.answers, self.whole[PERSONAL], about)

    def occasion(self, found: Suggested) -> Occasion:
        return Occasion(
            whole=self.compared({OURS: found.whole} | self.whole),
            explore=self.compared({OURS: found.explore} | self.explore),
            calibration=self.calibrated(found.whole, found.confidence),
            counting_pairs=self.calibrated(self.whole[PERSONAL], found.of_others),
        )

    def compared(self, lists: dict[str, list[np.ndarray]]) -> MethodsCompared:
        return compare(lists, self.baskets, self.bought, self.judged.orders_before, self.bootstrap)

    def calibrated(self, lists: list[np.ndarray], confidences: list[np.ndarray]) -> Calibration:
        client = np.repeat(np.arange(len(lists)), [len(listed) for listed in lists])
        product = np.concatenate(lists)
        products = len(self.judged.history.products)
        wanted = pair_codes(self.judged.client, self.judged.product, products)
        happened = np.isin(pair_codes(client, product, products), wanted)
        counting = self.counting.probability(self.code_before[client], product)
        return calibration(client, happened, np.concatenate(confidences), counting, self.bootstrap)

    def backtested(self, actual: np.ndarray, former: np.ndarray, ours: list[np.ndarray]) -> Backtest | None:
        return backtest(self.judged, self.own, actual, former, np.concatenate(ours), self.bootstrap)


def judge_new_clients(before: OrderHistory, new: JudgedOrders, model: Model, seed: int) -> MethodsCompared:
    """Of clients without history; a list of popular products is all that counting has for them."""
    clients = len(new.ordered)
    whole, _ = counted_lists(before, purchases_of(new.history), clients)
    nothing = [np.zeros(0, np.int64)] * clients
    attributes = attributes_of(new.clients.tolist())
    found = suggested_by(model, new, new.ordered, attributes, NO_ANSWERS, nothing, "New clients")
    lists = {OURS: found.whole} | {name: some for name, some in whole.items() if name != PERSONAL}
    return compare(lists, new.baskets, new.bought, new.orders_before, Bootstrap(clients, seed))
