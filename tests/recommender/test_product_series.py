"""Weekly units of products over all clients: what sort of series they make, and which model is taken for each."""

import numpy as np
import pytest

from recommender.engine.product_outlook import (
    NAIVE,
    SEASONAL_NAIVE,
    WINDOW,
    outlook_of,
    seasonal_naive,
)
from recommender.engine.product_series import CLASSES, WeeklySeries, scaled_error, series_classes, weekly_series
from tests.recommender.histories import basket

AS_OF = 1000.0


def series(*units) -> WeeklySeries:
    rows = np.array(units, float)
    return WeeklySeries(rows, np.argmax(rows > 0, axis=1), AS_OF)


def test_weeks_are_counted_back_from_the_day_of_training_and_an_incomplete_first_one_is_left_out():
    history = basket([(0, 975, {0: 50}), (0, 980, {0: 1}), (1, 987, {0: 2, 1: 5}), (1, 999.5, {1: 3})])

    found = weekly_series(history, AS_OF)

    assert found.units[:2].tolist() == [[1, 2, 0], [0, 5, 3]]
    assert found.first.tolist() == [0, 1, 3, 3]


def test_orders_that_have_a_date_and_no_time_fall_into_the_week_of_their_day():
    history = basket([(0, day, {0: 1}) for day in range(979, 1000)] + [(1, day, {1: 1}) for day in (979, 986, 993)])

    assert weekly_series(history, AS_OF).units[:2].tolist() == [[7, 7, 7], [1, 1, 1]]


@pytest.mark.parametrize(
    ("weeks", "name"),
    [
        ([5, 6, 5, 4, 6, 5, 5, 6], "smooth"),
        ([1, 20, 2, 1, 30, 1, 2, 1], "erratic"),
        ([5, 0, 0, 5, 0, 6, 0, 5], "intermittent"),
        ([1, 0, 0, 30, 0, 1, 0, 1], "lumpy"),
        ([0, 0, 0, 5, 6, 5, 4, 6], None),
    ],
)
def test_series_are_told_apart_by_how_often_and_how_evenly_they_sell(weeks, name):
    [kind] = series_classes(series(weeks))

    assert (None if kind < 0 else CLASSES[kind]) == name


def test_an_error_counts_against_those_of_repeating_the_week_before():
    known = np.array([4.0, 6.0, 4.0, 6.0])  # two off every week

    assert scaled_error(known, np.array([5.0, 5.0]), np.array([9.0, 1.0])) == 2
    assert np.isnan(scaled_error(np.full(4, 3.0), np.array([3.0]), np.array([4.0])))


def test_the_season_is_a_year_and_with_less_than_that_the_last_four_weeks():
    weeks = np.arange(60.0)

    assert seasonal_naive(weeks).tolist() == [8, 9, 10, 11]
    assert seasonal_naive(weeks[:30]).tolist() == [26, 27, 28, 29]


def test_products_that_come_again_every_four_weeks_get_the_model_that_repeats_them():
    rhythm = np.tile([10.0, 2.0, 3.0, 4.0], 10)

    outlook = outlook_of(series(*(rhythm * scale for scale in range(1, 6))), seed=0)

    assert outlook.chosen == {"smooth": SEASONAL_NAIVE}
    assert outlook.weekly == pytest.approx([4.75 * scale for scale in range(1, 6)])
    assert outlook.recent == pytest.approx(outlook.weekly)


def test_products_that_wander_get_the_model_that_stays_where_they_are():
    steps = np.random.default_rng(0).normal(size=(30, 40)).cumsum(axis=1)

    outlook = outlook_of(series(*(200 + 10 * steps)), seed=0)

    assert outlook.errors["smooth"][NAIVE] < outlook.errors["smooth"][WINDOW]
    assert outlook.chosen["smooth"] in (NAIVE, "AutoETS")


def test_a_history_too_short_for_series_has_no_outlook():
    outlook = outlook_of(series([5, 6, 5]), seed=0)

    assert np.isnan(outlook.weekly).all()
    assert outlook.chosen == {}
