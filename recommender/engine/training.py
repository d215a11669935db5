"""History to model: knowledge of products and clients, and heads fitted to what clients ordered next."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np

from recommender.engine.asking import Asked, Asker
from recommender.engine.client_answers import NO_ANSWERS, ClientAnswers
from recommender.engine.demand_fitting import fit_demand
from recommender.engine.forecast_coverage import coverage_of
from recommender.engine.groups import Attributes
from recommender.engine.heads import Examples, Head, TwoHeads
from recommender.engine.held_out import judge
from recommender.engine.history import OrderHistory
from recommender.engine.horizons import Horizons
from recommender.engine.knowledge import learn
from recommender.engine.model import Model
from recommender.engine.neighbours import Comparing
from recommender.engine.product_outlook import outlook_of
from recommender.engine.product_series import weekly_series
from recommender.engine.questions import across_sizes, before_orders
from recommender.engine.tuning import choose_comparing
from recommender.engine.volumes import fit_volumes

WINDOWS = (0.4, 0.55, 0.7, 0.85)  # of the orders, by time: where each window begins
TUNING_QUESTIONS = 600
HELD_OUT = 0.3  # of the clients: what came of their questions in the last window is never fitted to
HELD_OUT_STREAM = 1  # of random numbers, beside those of the same seed that say who is asked when
ROWS_OF_WINDOW = 100_000  # for each head; more make no better trees, only slower ones
LONGEST_HORIZON_DAYS = 90

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

    The heads are fitted to what happened in four windows, with knowledge from before each; some
    clients are held out from the last one, which stops the trees, says how far to believe them and
    gives the metrics. The knowledge is learned again from the whole history last.

    Args:
        attributes: of the C clients.
        answers: to what was suggested before `as_of`, by the history's codes.
        ask: has the asker ask each window, here or elsewhere; what came of them in the windows' order.
    """
    span = as_of - history.order_day.min()
    horizon = float(max(1.0, min(LONGEST_HORIZON_DAYS, span / 4)))
    held_out = clients_held_out(history, seed)
    bounds = windows(history, as_of, horizon)
    *_, tuning_start, last_start, _ = bounds
    comparing = tuned(history, tuning_start, last_start, seed)
    asker = Asker(history, attributes, answers, comparing, horizon, as_of, seed)
    next_orders, moments = zip(*ask(asker, list(pairwise(bounds))), strict=True)
    next_order = fit_next_order(next_orders, held_out, seed)
    *about_fewer_days, about_horizon = zip(*moments, strict=True)
    sooner = tuple(fit_sooner(about_days, held_out, seed) for about_days in about_fewer_days)
    heads = fit_within_horizon(about_horizon, held_out, seed)
    metrics, recall = judge(history, attributes, next_orders[-1], next_order, held_out)
    lately = asker.ask_lately(last_start)
    horizons, demand = fit_demand(history, lately, Horizons(asker.spans, sooner, heads), asker.demand_days)
    coverage = coverage_of(history, attributes, lately, held_out, horizons, asker.demand_days, demand)
    return Model(
        knowledge=learn(history, attributes, as_of, comparing, seed),
        next_order=next_order,
        horizons=horizons,
        demand=demand,
        volumes=fit_volumes(history, as_of, horizon),
        outlook=outlook_of(weekly_series(history, as_of), seed),
        recall=recall,
        coverage=coverage,
        metrics=metrics,
    )


def clients_held_out(history: OrderHistory, seed: int) -> np.ndarray:
    """(C,) bool: clients of all sizes."""
    random = np.random.default_rng((seed, HELD_OUT_STREAM))
    lines = np.bincount(history.line_client, minlength=len(history.clients))
    held_out = np.zeros(len(lines), bool)
    held_out[across_sizes(lines, round(HELD_OUT * len(lines)), random)] = True
    return held_out


def windows(history: OrderHistory, as_of: float, horizon: float) -> list[float]:
    """Days at which the windows begin, and the end of the last.

    The first begins early enough that a horizon is over after its middle, however late most orders were.
    """
    begin = np.quantile(history.order_day, WINDOWS)
    begin[0] = min(begin[0], as_of - 1.5 * horizon)
    return [*begin.tolist(), as_of]


def tuned(history: OrderHistory, start: float, end: float, seed: int) -> Comparing:
    random = np.random.default_rng(seed)
    questions = before_orders(history, start, end, TUNING_QUESTIONS, 0.0, random)
    return choose_comparing(history, history.where(history.order_day < start), questions, seed)


def fit_next_order(asked: tuple[Asked, ...], held_out: np.ndarray, seed: int) -> TwoHeads:
    """`held_out` is (C,) bool; the clients it names count in all windows but the last.

    How much is promised goes by the last window alone: orders grow and shrink with the season.
    """
    *earlier, last = asked
    is_held_out = held_out[last.questions.client]
    fitted = [(each, np.ones(len(each.questions.now), bool), False) for each in earlier]
    examples = examples_of([*fitted, (last, ~is_held_out, True)], [(last, is_held_out)], seed)
    return TwoHeads.fit(*examples, seed)


def fit_within_horizon(asked: tuple[Asked, ...], held_out: np.ndarray, seed: int) -> TwoHeads:
    return TwoHeads.fit(*examples_within(asked, held_out, seed), seed)


def fit_sooner(asked: tuple[Asked, ...], held_out: np.ndarray, seed: int) -> Head:
    """Of what clients bought before."""
    examples, unseen = (each.where(~each.is_new) for each in examples_within(asked, held_out, seed))
    return Head.fit("repeat", examples, unseen, seed)


def examples_within(asked: tuple[Asked, ...], held_out: np.ndarray, seed: int) -> tuple[Examples, Examples]:
    """The days of neighbouring moments overlap, so the clients held out are so in all windows."""
    return examples_of(
        [(each, ~held_out[each.questions.client], True) for each in asked],
        [(each, held_out[each.questions.client]) for each in asked],
        seed,
    )


def examples_of(
    fitted: list[tuple[Asked, np.ndarray, bool]], held_out: list[tuple[Asked, np.ndarray]], seed: int
) -> tuple[Examples, Examples]:
    """(those to fit to, those held out), of (questions asked, which of them ((N,) bool), whether they are late)."""
    random = np.random.default_rng(seed)
    parts = []
    for asked, chosen, is_late in fitted:
        examples = asked.of(chosen, np.ones(len(chosen)), is_late)
        parts += [
            examples.where(is_kind).thinned(ROWS_OF_WINDOW, random) for is_kind in (examples.is_new, ~examples.is_new)
        ]
    unseen = [asked.of(chosen, client_weights(asked.questions.client, chosen), True) for asked, chosen in held_out]
    return Examples.together(parts), Examples.together(unseen)


def client_weights(client: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """(N,) float64, mean 1 over the chosen: clients with many questions say no more than those with few."""
    of_client = np.bincount(client[chosen], minlength=client.max(initial=0) + 1)
    weight = 1 / np.maximum(of_client[client], 1)
    return weight / weight[chosen].mean() if chosen.any() else weight
