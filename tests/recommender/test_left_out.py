"""What a model is fitted to and judged by: nothing from after the moment asked about, and nobody who is left out."""

from dataclasses import replace
from operator import attrgetter

import numpy as np
import pytest

from recommender.engine.asking import Asker, even_weights
from recommender.engine.client_answers import NO_ANSWERS
from recommender.engine.cross_fitting import IN_ALL, PARTS, parts_of
from recommender.engine.groups import Attributes
from recommender.engine.heads import Head
from recommender.engine.neighbours import Taste
from recommender.engine.start import Start
from recommender.engine.training import fit_horizons, fit_next_order, train, tuned
from tests.recommender.test_engine import basket

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
    return Asker(history, attributes_of(history), NO_ANSWERS, Taste(0.9, 200, 0.8), horizon=40, as_of=AS_OF, seed=0)


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

    assert tuned(history, 50, 60, seed=0) == Taste(0.9, 200, 0.8)
    assert tuned(history, 51, 60, seed=0) == Taste(0.9, 200, 0.6)


@pytest.mark.parametrize("days", SPANS)
def test_of_a_moment_it_is_known_what_came_within_the_days_asked_about(history, days):
    moments = asked_in(history, (200, AS_OF), days)

    assert AS_OF - days - 20 < moments.questions.now.max() <= AS_OF - days


def test_within_more_days_more_has_happened(history):
    shares = [asked_in(history, (100, 150), days).happened.mean() for days in SPANS]

    assert shares == sorted(shares)
    assert shares[0] < shares[1] < shares[2]


def test_every_client_says_how_well_heads_do_that_were_not_fitted_to_it(history):
    model = train(history, attributes_of(history), AS_OF)

    assert len(model.recall.clients) > 0.9 * CLIENTS  # not every one is asked about
    assert len(model.coverage.clients) > 0.9 * CLIENTS


def test_clients_that_order_once_in_the_last_window_are_asked_at_their_orders_whatever_part_they_are_of():
    """Who is left out and when an order is asked about are drawn apart."""
    orders = [(client, 30.0 * month + client / 4, {client % 6: 1}) for client in range(CLIENTS) for month in range(6)]
    history = basket(orders, PRODUCTS)

    metrics = train(history, attributes_of(history), as_of=180).metrics

    assert CLIENTS / 2 < metrics["held_out_orders"] < CLIENTS


def test_what_a_held_out_order_repeats_is_never_held_to_be_new():
    """Each client orders two products in turns: after two orders nothing is new to it."""
    orders = [(client, 7.0 * week, {client % 6 * 2 + week % 2: 1}) for client in range(CLIENTS) for week in range(42)]
    history = basket(orders, PRODUCTS)

    metrics = train(history, attributes_of(history), AS_OF).metrics

    assert metrics["repeat@10"] > 0.9
    assert "explore@10" not in metrics


def horizons_of(asked, part, seed):
    return fit_horizons(SPANS, [asked] * len(SPANS), part, seed)


@pytest.mark.parametrize(
    ("fit", "about", "windows", "heads"),
    [
        (fit_next_order, "next orders", [1], ("repeat", "explore")),
        (horizons_of, 40, [0, 1], ("heads.repeat", "heads.explore")),
    ],
    ids=["order", "horizon"],
)
def test_what_became_of_clients_that_are_left_out_teaches_nothing(history, fit, about, windows, heads):
    asked = [asked_in(history, window, about) for window in [(150, 200), (200, AS_OF)]]
    part = np.arange(CLIENTS, dtype=np.int8) % PARTS

    fitted, other = fit(asked, part, seed=0), fit(turned(asked, windows, part == 0), part, seed=0)

    for head in map(attrgetter, heads):
        assert learned(head(fitted.without[0])) == learned(head(other.without[0]))
        assert learned(head(fitted.without[1])) != learned(head(other.without[1]))
        assert learned(head(fitted.whole)) != learned(head(other.whole))


def test_what_became_of_earlier_orders_is_learned_whoever_is_left_out(history):
    asked = [asked_in(history, window, "next orders") for window in [(150, 200), (200, AS_OF)]]
    part = np.arange(CLIENTS, dtype=np.int8) % PARTS

    fitted, other = (fit_next_order(some, part, seed=0) for some in (asked, turned(asked, [0], part == 0)))

    assert learned(fitted.without[0].repeat) != learned(other.without[0].repeat)


def test_what_became_of_clients_that_are_left_out_teaches_nothing_of_fewer_days(history):
    asked = [[asked_in(history, window, days) for window in [(150, 200), (200, AS_OF)]] for days in SPANS]
    part = np.arange(CLIENTS, dtype=np.int8) % PARTS
    otherwise = [turned(windows, [0, 1], part == 0) for windows in asked]

    fitted, other = (fit_horizons(SPANS, some, part, seed=0) for some in (asked, otherwise))

    for place in range(len(SPANS) - 1):
        assert learned(fitted.without[0].sooner[place]) == learned(other.without[0].sooner[place])
        assert learned(fitted.without[1].sooner[place]) != learned(other.without[1].sooner[place])


def learned(head):
    """All but how many trees there are, which those left out say."""
    return head.start, head.trees and head.trees.dump_model(num_iteration=1)["tree_info"]


def turned(asked, windows, clients):
    """What happened did not, to these clients in those windows, and what did not happened."""
    result = list(asked)
    for number in windows:
        each = asked[number]
        rows = clients[each.questions.client][each.candidates.client]
        result[number] = replace(each, happened=each.happened ^ rows)
    return result


def test_heads_whose_clients_say_nothing_of_others_are_sure_of_nothing(history):
    """All that one client was asked about happened, and nothing of what another was."""
    asked = asked_in(history, (200, AS_OF), "next orders")
    all_or_nothing = np.random.default_rng(1).random(CLIENTS) < 0.5
    asked = replace(asked, happened=all_or_nothing[asked.questions.client][asked.candidates.client])

    fitted = fit_next_order([asked], parts_of(CLIENTS, seed=0), seed=0)

    assert fitted.whole.repeat.slope < 0.7


def test_the_only_client_is_not_calibrated_by_heads_that_knew_nobody():
    history = basket([(0, 7.0 * week, {0: 1, 1 + week % 3: 1}) for week in range(30)], PRODUCTS)

    model = train(history, attributes_of(history), as_of=210)

    head = model.within.heads.repeat
    assert (head.slope, head.intercept) == (1, 0)
    assert model.within.pace == pytest.approx(1, abs=0.1)
    assert model.next_order.repeat.slope > 1  # its own later orders bore out what was learned of the earlier ones


def test_the_only_client_that_buys_is_not_held_against_those_that_do_not(history):
    asked = asked_in(history, (200, AS_OF), "next orders")
    only_buyer = asked.questions.client == 0
    asked = replace(asked, happened=asked.happened & only_buyer[asked.candidates.client])

    fitted = fit_next_order([asked], parts_of(CLIENTS, seed=0), seed=0)

    assert (fitted.whole.repeat.slope, fitted.whole.repeat.intercept) == (1, 0)


@pytest.mark.parametrize("clients", [1, 2, 4, 100])
def test_no_part_has_more_than_one_client_more_than_another(clients):
    sizes = np.bincount(parts_of(clients, seed=0), minlength=PARTS)

    assert sizes.max() - sizes.min() <= 1


def test_with_nobody_left_out_a_head_is_not_calibrated(history):
    asked = [asked_in(history, (200, AS_OF), "next orders")]

    fitted = fit_next_order(asked, np.full(CLIENTS, IN_ALL, np.int8), seed=0)

    assert (fitted.whole.repeat.slope, fitted.whole.repeat.intercept) == (1, 0)


def test_what_a_head_says_is_calibrated():
    evens = Start("repeat", [0.0, 0.0, 0.0], intercept=2.0)
    features = np.zeros((1, 60), np.float32)

    assert Head(evens, None, slope=0.5, intercept=-1.0).probability(features).tolist() == [0.5]


def test_clients_with_many_questions_say_no_more_than_those_with_few():
    client = np.array([0, 0, 0, 0, 1, 1])

    weight = even_weights(client)

    assert weight.mean() == pytest.approx(1)
    assert np.bincount(client, weight) == pytest.approx([3, 3])
