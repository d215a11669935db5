"""Asking of the past what came next, with what was known then: the examples that heads are fitted to and judged by."""

from dataclasses import dataclass, replace

import numpy as np

from recommender.engine.candidates import Candidates, candidates_of
from recommender.engine.client_answers import ClientAnswers
from recommender.engine.groups import Attributes
from recommender.engine.heads import Examples
from recommender.engine.history import OrderHistory, pair_codes
from recommender.engine.knowledge import Knowledge, learn
from recommender.engine.neighbours import Comparing
from recommender.engine.product_features import sales_of
from recommender.engine.questions import Questions, at_any_time, before_orders, bought_within, in_next_order

QUESTIONS = 2500  # a window: about next orders
MOMENTS = 1200  # a window, and number of days: about the days after any moment
LATE_MOMENTS = 1500  # about the last days, which teach how demand spreads
WEEK = 7  # the fewest days that are asked about
DEMAND_DAYS = 28  # what forecasts are mostly asked for
BETWEEN = 1 / 3  # of the questions about next orders are asked before the order is placed
FRESH = 0.5  # of the questions are asked with sales up to the moment, as on the day of training; others weeks later


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions with the candidates of each, and which of them came true ((R,) bool)."""

    questions: Questions
    candidates: Candidates
    happened: np.ndarray

    def of(self, chosen: np.ndarray, weight: np.ndarray, is_late: bool) -> Examples:
        """The examples of the questions chosen ((N,) bool), each with the weight of its question ((N,) float64)."""
        rows = chosen[self.candidates.client]
        return Examples(
            self.candidates.features[rows],
            self.candidates.is_new[rows],
            self.happened[rows],
            weight[self.candidates.client[rows]],
            np.full(rows.sum(), is_late),
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What was known before day `until`."""

    until: float
    knowledge: Knowledge


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks of the past of one history."""

    history: OrderHistory
    attributes: Attributes
    answers: ClientAnswers
    comparing: Comparing
    horizon: float
    as_of: float
    seed: int

    @property
    def demand_days(self) -> float:
        return min(DEMAND_DAYS, self.horizon)

    @property
    def spans(self) -> tuple[float, ...]:
        """The numbers of days that are asked about, ascending; the last one is the horizon."""
        return tuple(sorted({min(days, self.horizon) for days in (WEEK, DEMAND_DAYS, self.horizon)}))

    def ask(self, start: float, end: float) -> tuple[Asked, tuple[Asked, ...]]:
        """(about next orders, about each of the `spans`) in a window, with knowledge from before it."""
        history, known = self.history, Known(start, self.knowledge_before(start))
        random = np.random.default_rng(self.seed)
        orders = before_orders(history, start, end, QUESTIONS, BETWEEN, random)
        moments = self.moments(known, end, self.horizon, random)
        about_orders = self.answered(orders, in_next_order(history, orders), known, random)
        in_horizon = self.answered_within(moments, self.horizon, known, random)
        sooner = []
        for days in self.spans[:-1]:
            if end + self.horizon <= self.as_of:  # what came of all moments is known: the same ones will do
                happened = self.is_among(bought_within(history, moments, days), in_horizon.candidates)
                sooner.append(replace(in_horizon, happened=happened))
            else:
                later = self.moments(known, end, days, random)
                sooner.append(self.answered_within(later, days, known, random))
        return about_orders, (*sooner, in_horizon)

    def moments(self, known: Known, end: float, days: float, random: np.random.Generator) -> Questions:
        """Of a window, those whose next `days` are over; of one that is too late for that the latest before it."""
        last = min(end, self.as_of - days)
        return at_any_time(self.history, min(known.until, last), last, MOMENTS, random)

    def answered_within(self, moments: Questions, days: float, known: Known, random: np.random.Generator) -> Asked:
        first = moments.now.min(initial=known.until)
        if first < known.until:
            known = Known(first, self.knowledge_before(first))
        return self.answered(moments, bought_within(self.history, moments, days), known, random)

    def ask_lately(self, start: float) -> Asked:
        """About the last `demand_days`, with knowledge from before day `start` or before them."""
        moment = self.as_of - self.demand_days
        start, random = min(start, moment), np.random.default_rng(self.seed)
        questions = at_any_time(self.history, moment, moment, LATE_MOMENTS, random)
        bought = bought_within(self.history, questions, self.demand_days)
        return self.answered(questions, bought, Known(start, self.knowledge_before(start)), random)

    def knowledge_before(self, start: float) -> Knowledge:
        before = self.history.where(self.history.order_day < start)
        # All sales: `answered` says how far each question may look.
        return replace(learn(before, self.attributes, start, self.comparing, self.seed), sales=sales_of(self.history))

    def answered(self, questions: Questions, bought: np.ndarray, known: Known, random: np.random.Generator) -> Asked:
        is_fresh = random.random(len(questions.now)) < FRESH
        sales_until = np.where(is_fresh, questions.now, np.minimum(questions.now, known.until))
        attributes = self.attributes.of(questions.client)
        answers = self.answers.of(questions.client)
        candidates = candidates_of(questions.history, questions.now, attributes, known.knowledge, sales_until, answers)
        return Asked(questions, candidates, self.is_among(bought, candidates))

    def is_among(self, bought: np.ndarray, candidates: Candidates) -> np.ndarray:
        """(R,) bool; `bought` as of `bought_within`."""
        return np.isin(pair_codes(candidates.client, candidates.product, len(self.history.products)), bought)
