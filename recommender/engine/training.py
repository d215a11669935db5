"""History to model: knowledge of products and clients, and heads fitted to what clients ordered next."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from recommender.engine.candidates import Candidates, candidates_of
from recommender.engine.client_answers import NO_ANSWERS, ClientAnswers
from recommender.engine.demand import DemandHabits
from recommender.engine.demand_fitting import fit_demand
from recommender.engine.forecast_coverage import coverage_of
from recommender.engine.groups import Attributes
from recommender.engine.heads import Examples, TwoHeads
from recommender.engine.held_out import HeldOutShare, judge
from recommender.engine.history import OrderHistory
from recommender.engine.knowledge import Knowledge, learn
from recommender.engine.neighbours import Taste
from recommender.engine.product_features import sales_of
from recommender.engine.product_outlook import ProductOutlook, outlook_of
from recommender.engine.product_series import weekly_series
from recommender.engine.questions import Questions, at_any_time, before_orders, bought_within, in_next_order
from recommender.engine.taste_tuning import choose_taste
from recommender.engine.volumes import Volumes, fit_volumes

WINDOWS = (0.4, 0.55, 0.7, 0.85)  # of the orders, by time: where each window begins
QUESTIONS = 2500  # a window: about next orders
MOMENTS = 1200  # a window: about the days after any moment
LATE_MOMENTS = 1500  # about the last days, which teach how demand spreads
DEMAND_DAYS = 28  # what forecasts are mostly asked for
TUNING_QUESTIONS = 600
BETWEEN = 1 / 3  # of the questions about next orders are asked before the order is placed
HELD_BACK = 0.3  # of the clients: their answers in the last window are never fitted to
ROWS_OF_WINDOW = 100_000  # for each head; more make no better trees, only slower ones
LONGEST_HORIZON_DAYS = 90


@dataclass(frozen=True)
class Model:
    """What `suggest` answers with.

    next_order      heads for "the client's next order contains the product"
    within_horizon  heads for "the client buys it within `horizon_days`"
    demand          what forecasts need beside these
    volumes         how much of a product its buyers take at once
    outlook         what all clients together will take
    recall          of lists for orders that the heads were not fitted to
    coverage        of the intervals of forecasts, likewise
    """

    knowledge: Knowledge
    next_order: TwoHeads
    within_horizon: TwoHeads
    horizon_days: float
    demand: DemandHabits
    volumes: Volumes
    outlook: ProductOutlook
    recall: HeldOutShare
    coverage: HeldOutShare
    metrics: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions with the candidates of each, and which of them came true ((R,) bool)."""

    questions: Questions
    candidates: Candidates
    happened: np.ndarray

    def of(self, chosen: np.ndarray, weight: np.ndarray) -> Examples:
        """The examples of the questions chosen ((N,) bool), each with the weight of its question ((N,) float64)."""
        rows = chosen[self.candidates.client]
        return Examples(
            self.candidates.features[rows],
            self.candidates.is_new[rows],
            self.happened[rows],
            weight[self.candidates.client[rows]],
        )


Window = tuple[float, float]  # from the first day to the second
AskWindows = Callable[["Asker", Sequence[Window]], Iterable[tuple[Asked, Asked]]]


def in_turn(asker: "Asker", windows: Sequence[Window]) -> Iterable[tuple[Asked, Asked]]:
    return [asker.ask(*window) for window in windows]


def train(
    history: OrderHistory,
    attributes: Attributes,
    as_of: float,
    seed: int = 0,
    answers: ClientAnswers = NO_ANSWERS,
    ask: AskWindows = in_turn,
) -> Model:
    """Fit a model to a history that ends before day `as_of`.

    The heads are fitted to what happened in four windows, with knowledge from before each; some
    clients are held back from the last one, which stops the trees, calibrates the heads and gives
    the metrics. The knowledge is learned again from the whole history last.

    Args:
        attributes: of the C clients.
        answers: to what was suggested before `as_of`, by the history's codes.
        ask: has the asker ask each window, here or elsewhere; their answers in the windows' order.
    """
    span = as_of - history.order_day.min()
    horizon = float(max(1.0, min(LONGEST_HORIZON_DAYS, span / 4)))
    held_back = np.random.default_rng(seed).random(len(history.clients)) < HELD_BACK
    bounds = windows(history, as_of, horizon)
    taste = tuned(history, *bounds[-3:-1], seed)
    asker = Asker(history, attributes, answers, taste, horizon, as_of, seed)
    next_orders, moments = zip(*ask(asker, list(pairwise(bounds))), strict=True)
    next_order = fit_next_order(next_orders, held_back, seed)
    within_horizon = fit_within_horizon(moments, held_back, seed)
    metrics, recall = judge(history, attributes, next_orders[-1], next_order, held_back)
    lately = asker.ask_lately(bounds[-2])
    demand = fit_demand(history, lately, within_horizon, horizon, asker.demand_days)
    coverage = coverage_of(history, attributes, lately, held_back, within_horizon, horizon, asker.demand_days, demand)
    return Model(
        knowledge=learn(history, attributes, as_of, taste, seed),
        next_order=next_order,
        within_horizon=within_horizon,
        horizon_days=horizon,
        demand=demand,
        volumes=fit_volumes(history, as_of, horizon),
        outlook=outlook_of(weekly_series(history, as_of), seed),
        recall=recall,
        coverage=coverage,
        metrics=metrics,
    )


def windows(history: OrderHistory, as_of: float, horizon: float) -> list[float]:
    """Days at which the windows begin, and the end of the last.

    The first begins early enough that a horizon is over after its middle, however late most orders were.
    """
    begin = np.quantile(history.order_day, WINDOWS)
    begin[0] = min(begin[0], as_of - 1.5 * horizon)
    return [*begin.tolist(), as_of]


def tuned(history: OrderHistory, start: float, end: float, seed: int) -> Taste:
    random = np.random.default_rng(seed)
    questions = before_orders(history, start, end, TUNING_QUESTIONS, 0.0, random)
    return choose_taste(history, history.where(history.order_day < start), questions, seed)


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks of the past of one history."""

    history: OrderHistory
    attributes: Attributes
    answers: ClientAnswers
    taste: Taste
    horizon: float
    as_of: float
    seed: int

    @property
    def demand_days(self) -> float:
        return min(DEMAND_DAYS, self.horizon)

    def ask(self, start: float, end: float) -> tuple[Asked, Asked]:
        """(about next orders, about the days of a horizon) in a window, with knowledge from before it."""
        history, knowledge = self.history, self.knowledge_before(start)
        random = np.random.default_rng(self.seed)
        orders = before_orders(history, start, end, QUESTIONS, BETWEEN, random)
        moments = at_any_time(history, start, min(end, self.as_of - self.horizon), MOMENTS, random)
        return (
            self.answered(orders, in_next_order(history, orders), knowledge, start, random),
            self.answered(moments, bought_within(history, moments, self.horizon), knowledge, start, random),
        )

    def ask_lately(self, start: float) -> Asked:
        """About the last `demand_days`, with knowledge from before day `start` or before them."""
        moment = self.as_of - self.demand_days
        start, random = min(start, moment), np.random.default_rng(self.seed)
        questions = at_any_time(self.history, moment, moment, LATE_MOMENTS, random)
        bought = bought_within(self.history, questions, self.demand_days)
        return self.answered(questions, bought, self.knowledge_before(start), start, random)

    def knowledge_before(self, start: float) -> Knowledge:
        before = self.history.where(self.history.order_day < start)
        # How products sell is looked at up to the moment asked for, or up to the window: a model is
        # asked on the day it was trained, and weeks later.
        return replace(learn(before, self.attributes, start, self.taste, self.seed), sales=sales_of(self.history))

    def answered(
        self, questions: Questions, bought: np.ndarray, knowledge: Knowledge, start: float, random: np.random.Generator
    ) -> Asked:
        is_fresh = random.random(len(questions.now)) < 0.5
        sales_until = np.where(is_fresh, questions.now, np.minimum(questions.now, start))
        attributes = self.attributes.of(questions.client)
        answers = self.answers.of(questions.client)
        candidates = candidates_of(questions.history, questions.now, attributes, knowledge, sales_until, answers)
        pair = candidates.client.astype(np.int64) * len(self.history.products) + candidates.product
        return Asked(questions, candidates, np.isin(pair, bought))


def fit_next_order(asked: tuple[Asked, ...], held_back: np.ndarray, seed: int) -> TwoHeads:
    """`held_back` is (C,) bool; the clients it names count in all windows but the last, which is theirs alone."""
    last = asked[-1]
    fitted = [(each, np.ones(len(each.questions.now), bool)) for each in asked[:-1]]
    return fit([*fitted, (last, ~held_back[last.questions.client])], [(last, held_back[last.questions.client])], seed)


def fit_within_horizon(asked: tuple[Asked, ...], held_back: np.ndarray, seed: int) -> TwoHeads:
    """Horizons of neighbouring moments overlap, so the clients held back are so in all windows."""
    return fit(
        [(each, ~held_back[each.questions.client]) for each in asked],
        [(each, held_back[each.questions.client]) for each in asked],
        seed,
    )


def fit(fitted: list[tuple[Asked, np.ndarray]], held_back: list[tuple[Asked, np.ndarray]], seed: int) -> TwoHeads:
    """Each pair is (questions asked, which of them ((N,) bool))."""
    random = np.random.default_rng(seed)
    parts = []
    for asked, chosen in fitted:
        examples = asked.of(chosen, np.ones(len(chosen)))
        parts += [
            examples.where(is_kind).thinned(ROWS_OF_WINDOW, random) for is_kind in (examples.is_new, ~examples.is_new)
        ]
    unseen = [asked.of(chosen, client_weights(asked.questions.client, chosen)) for asked, chosen in held_back]
    return TwoHeads.fit(Examples.together(parts), Examples.together(unseen), seed)


def client_weights(client: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """(N,) float64, mean 1 over the chosen: clients with many questions say no more than those with few."""
    of_client = np.bincount(client[chosen], minlength=client.max(initial=0) + 1)
    weight = 1 / np.maximum(of_client[client], 1)
    return weight / weight[chosen].mean() if chosen.any() else weight
