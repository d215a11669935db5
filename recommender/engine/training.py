"""History to model: knowledge of products and clients, and heads fitted to what clients ordered next."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from recommender.engine.asking import Asked, Asker
from recommender.engine.client_answers import NO_ANSWERS, ClientAnswers
from recommender.engine.cross_fitting import IN_ALL, CrossFitted, parts_of
from recommender.engine.demand_fitting import fit_demand
from recommender.engine.forecast_coverage import coverage_of
from recommender.engine.groups import Attributes
from recommender.engine.heads import KINDS, Examples, Head, TwoHeads
from recommender.engine.held_out import judge
from recommender.engine.history import OrderHistory
from recommender.engine.horizons import Horizons
from recommender.engine.knowledge import learn
from recommender.engine.model import Model
from recommender.engine.neighbours import Taste
from recommender.engine.product_outlook import outlook_of
from recommender.engine.product_series import weekly_series
from recommender.engine.questions import before_orders
from recommender.engine.taste_tuning import choose_taste
from recommender.engine.volumes import fit_volumes

WINDOWS = (0.4, 0.55, 0.7, 0.85)  # of the orders, by time: where each window begins
TUNING_QUESTIONS = 600
ROWS_OF_WINDOW = 40_000  # about, for each head: all that happened, and a share of what did not; more hardly help
LONGEST_HORIZON_DAYS = 90
AT_ONCE = 2  # heads that are fitted: each holds its examples, 100 MB and more

Window = tuple[float, float]  # from the first day to the second
AskWindows = Callable[[Asker, Sequence[Window]], Iterable[tuple[Asked, tuple[Asked, ...]]]]


def in_turn(asker: Asker, windows: Sequence[Window]) -> Iterable[tuple[Asked, tuple[Asked, ...]]]:
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

    The heads are fitted to what happened in four windows, with knowledge from before each, and again
    without each part of the clients, who say how many trees there are, calibrate the heads and give the
    metrics. The knowledge is learned again from the whole history last.

    Args:
        attributes: of the C clients.
        answers: to what was suggested before `as_of`, by the history's codes.
        ask: has the asker ask each window, here or elsewhere; their answers in the windows' order.
    """
    span = as_of - history.order_day.min()
    horizon = float(max(1.0, min(LONGEST_HORIZON_DAYS, span / 4)))
    part = parts_of(len(history.clients), seed)
    bounds = windows(history, as_of, horizon)
    taste = tuned(history, *bounds[-3:-1], seed)
    asker = Asker(history, attributes, answers, taste, horizon, as_of, seed)
    next_orders, moments = zip(*ask(asker, list(pairwise(bounds))), strict=True)
    next_order = fit_next_order(next_orders, part, seed)
    horizons = fit_horizons(asker.spans, list(zip(*moments, strict=True)), part, seed)
    metrics, recall = judge(history, attributes, next_orders[-1], next_order, part)
    lately = asker.ask_lately(bounds[-2])
    within, demand = fit_demand(history, lately, horizons, part, asker.demand_days)
    coverage = coverage_of(history, attributes, lately, within, part, asker.demand_days, demand)
    return Model(
        knowledge=learn(history, attributes, as_of, taste, seed),
        next_order=next_order.whole,
        within=within.whole,
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


def fit_next_order(asked: Sequence[Asked], part: np.ndarray, seed: int) -> CrossFitted[TwoHeads]:
    """`part` is (C,) int8. What came before the last window is fitted to whoever's it is."""
    in_all = np.full_like(part, IN_ALL)
    parts = [in_all] * (len(asked) - 1) + [part]
    return CrossFitted.together(TwoHeads, *fit_heads([(kind, asked, parts) for kind in KINDS], seed))


def fit_horizons(
    spans: tuple[float, ...], asked: Sequence[Sequence[Asked]], part: np.ndarray, seed: int
) -> CrossFitted[Horizons]:
    """`asked` has the windows of each of the `spans`. Their days overlap, so a client is left out of all of them."""
    kinds = [*["repeat"] * (len(spans) - 1), *KINDS]  # what is new to a client is asked about for the last one alone
    of_kinds = [
        (kind, windows, [part] * len(windows)) for kind, windows in zip(kinds, [*asked, asked[-1]], strict=True)
    ]

    def build(*heads: Head) -> Horizons:
        return Horizons(spans, heads[:-2], TwoHeads(*heads[-2:]))

    return CrossFitted.together(build, *fit_heads(of_kinds, seed))


def fit_heads(of_kinds: list[tuple[str, Sequence[Asked], list[np.ndarray]]], seed: int) -> Iterable[CrossFitted[Head]]:
    """Side by side, a head for each (one of KINDS, questions of windows, the clients' parts in each of these)."""

    def fit(kind: str, asked: Sequence[Asked], parts: list[np.ndarray]) -> CrossFitted[Head]:
        random = np.random.default_rng(seed)
        examples = [
            window.examples(part, of_new=kind == "explore").thinned(ROWS_OF_WINDOW, random)
            for window, part in zip(asked, parts, strict=True)
        ]
        return Head.cross_fit(kind, Examples.together(examples), seed)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(lambda task: fit(*task), of_kinds))
