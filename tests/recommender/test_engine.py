"""From order history to numbers, on histories small enough to reckon by hand."""

import numpy as np
import pytest
from scipy import sparse

from recommender import comparison
from recommender.engine import collaborative
from recommender.engine.best import best_of
from recommender.engine.heads import Examples, level_of, slope_of
from recommender.engine.held_out import reliability
from recommender.engine.metrics import expected_calibration_error, list_metrics
from recommender.engine.neighbours import nearest, similarity_to, unit_length
from recommender.engine.product_features import OF_LATE, late_features, sales_of
from recommender.engine.purchases import purchases_of
from recommender.engine.questions import before_orders, bought_within, in_next_order, thinned
from tests.recommender.histories import basket


def test_purchases_tell_how_often_since_when_and_how_much():
    history = basket([(0, 10, {0: 4, 1: 1}), (0, 17, {0: 6}), (0, 31, {0: 8, 2: 1}), (1, 5, {3: 2})])

    figures = purchases_of(history)

    assert figures.client.tolist() == [0, 0, 0, 1]
    assert figures.product.tolist() == [0, 1, 2, 3]
    assert figures.orders.tolist() == [3, 1, 1, 1]
    assert figures.client_orders.tolist() == [3, 3, 3, 1]
    assert (figures.first_day[0], figures.last_day[0]) == (10, 31)
    assert figures.gap_days[0] == 10.5  # the median of 7 and 14
    assert figures.quantity[0] == 6
    assert np.isnan(figures.gap_days[1:]).all()


def test_a_return_takes_from_the_latest_purchases_before_it():
    history = basket([(0, 1, {0: 5}), (0, 2, {0: 3}), (0, 3, {0: -4}), (0, 4, {0: 7}), (0, 5, {1: -2})])

    assert history.order_day.tolist() == [1, 4]
    assert history.line_quantity.tolist() == [4, 7]


def test_a_return_takes_no_more_than_is_left_of_what_one_before_it_has_taken_from():
    history = basket(
        [(0, 1, {0: 5}), (0, 2, {0: 3}), (0, 3, {0: -4}), (0, 4, {0: -3}), (0, 5, {0: -9}), (0, 6, {0: 2})]
    )

    assert history.order_day.tolist() == [6]
    assert history.line_quantity.tolist() == [2]


@pytest.mark.parametrize("units", [[5, -5, 5], [5, 5, -5]], ids=["return first by its id", "last"])
def test_a_return_of_the_same_moment_takes_from_the_purchase_of_that_moment(units):
    history = basket([(0, day, {0: each}) for day, each in zip([10, 20, 20], units, strict=True)])

    assert history.order_day.tolist() == [10]


def test_clients_that_bought_both_of_two_products_are_counted_pair_by_pair_however_few_at_once(monkeypatch):
    bought = np.random.default_rng(0).integers(0, 2, (30, 8))
    pairs = np.triu(np.ones((8, 8)), 1)
    monkeypatch.setattr(collaborative, "BUYERS_AT_ONCE", 40)

    found = collaborative.clients_of_both(sparse.csr_matrix(bought), sparse.csr_matrix(pairs))

    assert found.tolist() == (bought.T @ bought)[pairs > 0].tolist()


def test_versions_are_compared_on_fewer_orders_of_clients_with_very_long_histories(monkeypatch):
    monkeypatch.setattr(comparison, "MOST_LINES", 2000)
    history = basket([(0, day, {0: 1}) for day in range(300)] + [(client, 250, {1: 1}) for client in range(1, 30)])

    orders = comparison.orders_from(history, 200, seed=0)

    by_client = np.bincount(history.order_client[orders], minlength=30)
    assert by_client[1:].tolist() == [1] * 29
    assert 0 < by_client[0] < 20


def test_of_products_pointed_to_alike_the_first_are_taken_whatever_the_processor():
    random = np.random.default_rng(0)
    score = random.integers(0, 4, (50, 300)).astype(np.float32)

    [row, column] = np.nonzero(best_of(score, 40))

    assert row.tolist() == np.repeat(np.arange(50), 40).tolist()
    assert (
        column.reshape(50, 40).tolist() == np.sort(np.argsort(-score, axis=1, kind="stable")[:, :40], axis=1).tolist()
    )


def test_an_order_without_a_line_above_zero_is_no_basket():
    history = basket([(0, 1, {0: 0}), (0, 2, {1: 1})])

    assert history.order_day.tolist() == [2]


def test_reliability_is_told_of_the_bins_that_hold_something():
    told = reliability(np.array([0.05, 0.06, 0.95, 0.99, 1.0, 1.0]), np.array([0, 1, 1, 1, 1, 0], bool))

    assert told == [
        {"promised": 0.055, "happened": 0.5, "count": 2},
        {"promised": 0.985, "happened": 0.75, "count": 4},
    ]


def test_lists_are_judged_by_what_was_found_repeated_and_new():
    values = list_metrics(
        lists=[np.array([1, 2, 3]), np.array([5])],
        baskets=[np.array([1, 3, 9]), np.array([6])],
        bought=[np.array([1, 2]), np.array([6])],
        k=3,
    )

    assert values["recall"].tolist() == [pytest.approx(2 / 3), 0]
    assert values["hit"].tolist() == [1, 0]
    assert values["repeat"].tolist() == [1, 0]
    assert values["explore"][0] == 0.5
    assert np.isnan(values["explore"][1])
    ideal = 1 + 1 / np.log2(3) + 1 / 2
    assert values["ndcg"][0] == pytest.approx((1 + 1 / 2) / ideal)


def test_calibration_error_is_the_gap_between_promise_and_outcome():
    promised = np.array([0.9, 0.9, 0.1, 0.1])

    assert expected_calibration_error(promised, np.array([1, 1, 0, 0])) == pytest.approx(0.1)
    assert expected_calibration_error(promised, np.array([0, 0, 1, 1])) == pytest.approx(0.9)


def test_how_a_product_sells_is_told_of_the_day_asked_for():
    sales = sales_of(basket([(0, 100, {0: 1}), (0, 120, {0: 1, 1: 1}), (1, 125, {1: 1}), (1, 127, {0: 1})]))

    early, late, unsold = late_features(sales, np.array([0, 0, 2]), np.array([121.0, 128.0, 128.0]))

    told = dict(zip(OF_LATE, late.tolist(), strict=True))
    assert told["share of orders of 7 days with it"] == 0.5  # of the orders of day 125 and 127
    assert told["days on sale"] == 28
    assert told["days since anyone bought it"] == 1
    assert dict(zip(OF_LATE, early.tolist(), strict=True))["days since anyone bought it"] == 1
    assert np.isnan(dict(zip(OF_LATE, unsold.tolist(), strict=True))["days on sale"])


def test_the_history_of_some_clients_is_what_they_would_have_alone():
    orders = [(client, day, {client: day}) for client in range(4) for day in (1, 2 + client)]
    history = basket(orders)

    some = history.of_clients(np.array([1, 3]))

    assert some.clients.tolist() == ["c1", "c3"]
    assert some.order_client.tolist() == [0, 0, 1, 1]
    assert some.order_day.tolist() == [1, 3, 1, 5]
    assert some.line_product.tolist() == [1, 1, 3, 3]
    assert some.line_quantity.tolist() == [1, 3, 1, 5]


def test_a_client_is_no_neighbour_of_itself():
    vectors = sparse.csr_matrix(np.array([[1, 0, 1], [1, 0, 1], [0, 1, 0]], np.float32))
    ids = np.array(["a", "b", "c"])

    similarity = similarity_to(vectors, unit_length(vectors).T.tocsr(), ids, ids)

    assert similarity.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert nearest(similarity, 1).toarray().tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_a_question_knows_what_came_before_it_and_asks_for_what_came_next():
    history = basket([(0, 10, {0: 1}), (0, 20, {1: 1}), (0, 40, {2: 1}), (1, 15, {3: 1})])

    questions = before_orders(history, 18, 50, 10, between=0.0, random=np.random.default_rng(0))

    assert history.clients[questions.client].tolist() == ["c0", "c0"]
    assert questions.now.tolist() == [20, 40]
    assert (questions.history.order_day < questions.now[questions.history.order_client]).all()
    assert in_next_order(history, questions).tolist() == [1, 4 + 2]  # product 1 of the first, 2 of the second
    assert bought_within(history, questions, 21.0).tolist() == [1, 2, 4 + 2]


def test_a_client_with_a_very_long_history_is_asked_about_less_often_and_all_others_as_often():
    lines = np.repeat([0, 10, 2000], [50, 300, 700])  # the last is the cash sales of a house

    kept = thinned(lines, 100_000, np.random.default_rng(0))

    assert kept[:350].all()
    assert lines[kept].sum() == pytest.approx(100_000, rel=0.3)
    assert thinned(lines, int(lines.sum()), np.random.default_rng(0)).all()


def test_calibration_mends_what_is_too_sure_and_leaves_be_what_it_knows_nothing_of():
    random = np.random.default_rng(0)
    log_odds = random.normal(0, 1, 4000)
    happened = random.random(4000) < 1 / (1 + np.exp(-log_odds))

    slope = slope_of(3 * log_odds + 1, happened, np.ones(4000))

    assert slope == pytest.approx(1 / 3, abs=0.03)
    assert level_of(slope * (3 * log_odds + 1), happened, np.ones(4000)) == pytest.approx(-1 / 3, abs=0.1)
    nothing = np.zeros(0), np.zeros(0, bool), np.zeros(0)
    assert (slope_of(*nothing), level_of(*nothing)) == (1, 0)


def test_thinned_examples_weigh_as_much_as_all():
    happened = np.arange(1000) < 50
    nothing = np.zeros(1000)
    examples = Examples(nothing[:, None], nothing.astype(bool), happened, nothing + 1, ~happened)

    thinned = examples.thinned(200, np.random.default_rng(0))

    assert thinned.happened.sum() == 50
    assert len(thinned.happened) == pytest.approx(200, abs=40)
    assert thinned.weight.sum() == pytest.approx(1000, abs=200)
