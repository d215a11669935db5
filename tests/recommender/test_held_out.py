"""What a model is fitted to and judged by: nothing from after the moment asked about, and nobody who is held out."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.engine.asking import Asker
from recommender.engine.client_answers import NO_ANSWERS
from recommender.engine.features import FEATURES
from recommender.engine.groups import Attributes
from recommender.engine.heads import Head
from recommender.engine.neighbours import Comparing
from recommender.engine.questions import MOMENTS_OF_CLIENT
from recommender.engine.start import Start
from recommender.engine.training import (
    client_weights,
    clients_held_out,
    fit_next_order,
    fit_sooner,
    fit_within_horizon,
    train,
    tuned,
)
from tests.recommender.histories import basket

CLIENTS, PRODUCTS, AS_OF = 60, 12, 300.0
SPANS = (7, 28, 40)  # days that are asked about


def weekly_orders(otherwise_from=AS_OF):
    """Each client takes three of four products of its own at a time, and one of all now and then.

    From the day `otherwise_from` on there are as many orders, of other products and ten times the units.
    """
    random = np.random.default_rng(5)
    orders = []
    for client in range(CLIENTS):
        own = random.choice(PRODUCTS, 4, replace=False)
        for day in np.arange(client % 7, AS_OF, 7.0):
            taken = {*random.choice(own, 3, replace=False).tolist(), int(random.integers(PRODUCTS))}
            if day >= otherwise_from:
                orders.append((client, day, {(product + 5) % PRODUCTS: 60 for product in taken}))
            else:
                orders.append((client, day, dict.fromkeys(taken, 6)))
    return basket(orders, PRODUCTS)


@pytest.fixture(scope="module")
def history():
    return weekly_orders()


def attributes_of(history):
    nothing = np.full(len(history.clients), "")
    return Attributes(nothing, nothing)


def asker_of(history):
    return Asker(history, attributes_of(history), NO_ANSWERS, Comparing(0.9, 200, 0.8), horizon=40, as_of=AS_OF, seed=0)


def asked_in(history, window, about):
    """About next orders, or about the days of one of SPANS."""
    orders, days = asker_of(history).ask(*window)
    return orders if about == "next orders" else days[SPANS.index(about)]


@pytest.mark.parametrize("about", ["next orders", *SPANS])
def test_what_comes_after_a_window_is_not_known_in_it(history, about):
    asked, other = (asked_in(each, (150, 200), about) for each in (history, weekly_orders(otherwise_from=200)))

    assert np.array_equal(asked.questions.now, other.questions.now)
    assert np.array_equal(asked.candidates.product, other.candidates.product)
    assert np.array_equal(asked.candidates.features, other.candidates.features, equal_nan=True)
    # The days after a moment end after its window.
    assert np.array_equal(asked.happened, other.happened) == (about == "next orders")


@pytest.mark.parametrize("days", SPANS)
def test_what_comes_after_the_last_moments_is_not_known_where_the_window_begins_too_late_for_them(history, days):
    late, last = (AS_OF - 5, AS_OF), AS_OF - days
    asked, other = (asked_in(each, late, days) for each in (history, weekly_orders(otherwise_from=last)))

    assert set(asked.questions.now) == {last}
    assert np.array_equal(asked.candidates.features, other.candidates.features, equal_nan=True)
    assert not np.array_equal(asked.happened, other.happened)


@pytest.mark.parametrize("start", [200, AS_OF])
def test_the_last_days_are_asked_about_with_what_was_known_before_them(history, start):
    last_days = AS_OF - asker_of(history).demand_days
    asked, other = (asker_of(each).ask_lately(start) for each in (history, weekly_orders(otherwise_from=last_days)))

    assert np.array_equal(asked.candidates.features, other.candidates.features, equal_nan=True)
    assert not np.array_equal(asked.happened, other.happened)


def test_how_to_compare_clients_is_chosen_with_what_was_known_before_their_orders():
    """Two and two are alike, and one orders next what the other does: known too early, it speaks for likeness."""
    before = [(client, day, {client // 2 * 12 + day: 1}) for client in range(40) for day in range(11)]
    later = [(client, 50 + client % 2, {client // 2 * 12 + 11: 1}) for client in range(40)]
    history = basket(sorted(before + later, key=lambda order: order[:2]), products=240)

    assert tuned(history, 50, 60, seed=0) == Comparing(0.9, 200, 0.8)
    assert tuned(history, 51, 60, seed=0) == Comparing(0.9, 200, 0.6)


@pytest.mark.parametrize("days", SPANS)
def test_of_a_moment_it_is_known_what_came_within_the_days_asked_about(history, days):
    moments = asked_in(history, (200, AS_OF), days)

    assert AS_OF - days - 20 < moments.questions.now.max() <= AS_OF - days


def test_within_more_days_more_has_happened(history):
    shares = [asked_in(history, (100, 150), days).happened.mean() for days in SPANS]

    assert shares == sorted(shares)
    assert shares[0] < shares[1] < shares[2]


def test_nobody_whom_a_head_is_fitted_to_says_how_well_it_does(history):
    held_out = set(history.clients[clients_held_out(history, seed=0)])

    model = train(history, attributes_of(history), AS_OF)

    assert set(model.coverage.clients) == held_out
    assert len(model.recall.clients) > 15  # some may have had one order alone that was asked about
    assert set(model.recall.clients) <= held_out


@pytest.mark.parametrize("seed", range(5))
def test_three_clients_of_ten_are_held_out_of_the_large_ones_as_of_the_small(seed):
    large = [(client, day, {0: 1, 1: 1}) for client in range(20) for day in range(50)]
    small = [(client, 0, {0: 1}) for client in range(20, 200)]

    held_out = clients_held_out(basket(large + small, 2), seed)

    assert held_out[:20].sum() == pytest.approx(6, abs=1)
    assert held_out.sum() == pytest.approx(60, abs=3)


def test_who_is_held_out_does_not_hang_on_who_is_asked_before_an_order_is_placed():
    """Each client orders once in the window: or all held out might be asked early, and judged by nothing."""
    history = basket([(client, 100.0 * time + client, {time: 1}) for client in range(CLIENTS) for time in range(2)], 2)

    orders = asker_of(history).ask(100, 200)[0].questions

    asked_at_order = orders.now == history.order_day[orders.target]
    held_out = clients_held_out(history, seed=0)[orders.client]
    assert asked_at_order[held_out].mean() == pytest.approx(asked_at_order[~held_out].mean(), abs=0.25)


def test_in_a_window_each_client_is_asked_as_often_as_any_other(history):
    asked = asked_in(history, (150, 200), 40)

    assert set(np.bincount(asked.questions.client)) == {MOMENTS_OF_CLIENT}


def test_what_a_held_out_order_repeats_is_never_held_to_be_new():
    """Each client orders two products in turns: after two orders nothing is new to it."""
    orders = [(client, 7.0 * week, {client % 6 * 2 + week % 2: 1}) for client in range(CLIENTS) for week in range(42)]
    history = basket(orders, PRODUCTS)

    metrics = train(history, attributes_of(history), AS_OF).metrics

    assert metrics["repeat@10"] > 0.9
    assert "explore@10" not in metrics


@pytest.mark.parametrize(
    ("fit", "about", "windows"),
    [(fit_next_order, "next orders", [1]), (fit_within_horizon, 40, [0, 1])],
    ids=["order", "horizon"],
)
def test_clients_that_are_held_out_calibrate_and_teach_nothing_else(history, fit, about, windows):
    asked = [asked_in(history, window, about) for window in [(150, 200), (200, AS_OF)]]
    held_out = np.arange(CLIENTS) < 6

    fitted, other = fit(tuple(asked), held_out, seed=0), fit(turned(asked, windows, held_out), held_out, seed=0)

    assert fitted.repeat.start == other.repeat.start
    assert fitted.explore.start == other.explore.start
    assert fitted.repeat.slope > 0 > other.repeat.slope
    all_of_them = fit(turned(asked, [0, 1], held_out), held_out, seed=0)
    assert (all_of_them.repeat.start == fitted.repeat.start) == (windows == [0, 1])


@pytest.mark.parametrize("days", SPANS[:2])
def test_clients_that_are_held_out_calibrate_what_is_said_of_fewer_days_and_teach_nothing_of_it(history, days):
    asked = [asked_in(history, window, days) for window in [(150, 200), (200, AS_OF)]]
    held_out = np.arange(CLIENTS) < 6

    fitted, other = (fit_sooner(tuple(some), held_out, 0) for some in (asked, turned(asked, [0, 1], held_out)))

    assert fitted.start == other.start
    assert fitted.slope > 0 > other.slope


def test_as_much_is_promised_in_all_as_happened_though_those_held_out_bought_more(history):
    asked = tuple(asked_in(history, window, 40) for window in [(150, 200), (200, AS_OF)])
    came = [np.bincount(each.candidates.client, each.happened) for each in asked]
    bought = sum(
        np.bincount(each.questions.client, so_much, CLIENTS) for each, so_much in zip(asked, came, strict=True)
    )
    held_out = np.isin(np.arange(CLIENTS), np.argsort(-bought)[:18])

    heads = fit_within_horizon(asked, held_out, seed=0)

    promised = [heads.probability(each.candidates.features, each.candidates.is_new).sum() for each in asked]
    assert sum(promised) == pytest.approx(bought.sum(), rel=0.02)


def turned(asked, windows, held_out):
    """What happened did not, to the clients held out in those windows, and what did not happened."""
    result = list(asked)
    for number in windows:
        each = asked[number]
        rows = held_out[each.questions.client][each.candidates.client]
        result[number] = replace(each, happened=each.happened ^ rows)
    return tuple(result)


def test_with_nobody_held_out_a_head_is_believed_as_it_is(history):
    asked = tuple(asker_of(history).ask(*window)[0] for window in [(150, 200), (200, AS_OF)])

    fitted = fit_next_order(asked, np.zeros(CLIENTS, bool), seed=0)

    assert fitted.repeat.slope == 1


def test_what_a_head_says_is_calibrated():
    evens = Start("repeat", [0.0, 0.0, 0.0], intercept=2.0)
    features = np.zeros((1, len(FEATURES)), np.float32)

    assert Head(evens, None, slope=0.5, intercept=-1.0).probability(features).tolist() == [0.5]


def test_clients_with_many_questions_say_no_more_than_those_with_few():
    client, chosen = np.array([0, 0, 0, 0, 1, 1, 1]), np.array([1, 1, 1, 1, 1, 1, 0], bool)

    weight = client_weights(client, chosen)

    assert weight[chosen].mean() == pytest.approx(1)
    assert np.bincount(client[chosen], weight[chosen]) == pytest.approx([3, 3])
