"""From order history to numbers, on histories small enough to reckon by hand."""

import numpy as np
import pytest

from recommender.engine.history import OrderHistory
from recommender.engine.metrics import expected_calibration_error, list_metrics
from recommender.engine.purchases import purchases_of
from recommender.order_rows import baskets_of


def basket(orders: list[tuple[int, float, dict[int, float]]], products: int = 4) -> OrderHistory:
    """A history of (client, day, {product: quantity}), sorted by client and day; prices are not known."""
    lines = [(order, p, q) for order, (_, _, content) in enumerate(orders) for p, q in content.items()]
    line_order, line_product, quantity = np.array(lines).T
    return baskets_of(
        np.array(sorted({f"c{client}" for client, _, _ in orders})),
        np.array([f"p{product}" for product in range(products)]),
        np.array([client for client, _, _ in orders]),
        np.array([day for _, day, _ in orders], float),
        line_order.astype(int),
        line_product.astype(int),
        quantity.astype(float),
        np.full(len(lines), np.nan),
    )


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


def test_an_order_without_a_line_above_zero_is_no_basket():
    history = basket([(0, 1, {0: 0}), (0, 2, {1: 1})])

    assert history.order_day.tolist() == [2]


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
