"""From the probability of a purchase to units with an interval, on demand whose answer is known."""

import numpy as np
import pytest

from recommender.engine.demand import (
    GRID,
    Blend,
    Demand,
    DemandHabits,
    carried_over,
    demand_of,
    expected_purchases,
    probability_of_any,
    purchases_again,
)
from recommender.engine.purchases import purchases_of
from tests.recommender.test_engine import basket

NOW, HORIZON = 400.0, 90
HABITS = DemandHabits(further_shape=50.0)


def of_one(probability: float, further: float = 0.0, units=(6.0,), weights=(1.0,), shape: float = 50.0) -> Demand:
    return Demand(np.array([probability]), np.array([further]), np.array([units]), np.array([weights]), shape)


def weekly(probability: float, days: float = 28, quantity: float = 6.0, habits: DemandHabits = HABITS) -> Demand:
    """Of a client that bought the same product every week for a year, from day 36 to NOW."""
    return weekly_expecting(expected_purchases(np.array([probability])), days, quantity, habits)


def weekly_expecting(expected: np.ndarray, days: float, quantity: float = 6.0, habits: DemandHabits = HABITS) -> Demand:
    history = basket([(0, NOW - 7 * week, {0: quantity}) for week in range(52, 0, -1)], products=1)
    return demand_of(
        purchases_of(history),
        history.line_quantity,
        np.array([quantity]),
        expected,
        np.array([NOW]),
        HORIZON,
        days,
        habits,
    )


def test_a_single_purchase_that_may_come_or_not_is_nothing_or_its_quantity():
    cell, reached = of_one(0.3).totals()
    six = int(6 / cell[0])

    assert reached[0, [0, six - 1, six, GRID - 1]].tolist() == [0.7, 0.7, 1, 1]


def test_two_purchases_of_six_or_twelve_add_up_to_their_convolution():
    # A further purchase or none, each so often: nearly the binomial with one draw that a shape of -1 stands for.
    cell, reached = of_one(1.0, further=0.5, units=(6.0, 12.0), weights=(0.5, 0.5), shape=-1).totals()
    mass = np.diff(reached[0], prepend=0.0)
    at = (np.array([6, 12, 18, 24]) / cell[0]).astype(int)

    assert mass[at] == pytest.approx([0.25, 0.25 + 0.125, 0.25, 0.125])


def test_what_is_hardly_bought_has_bounds_of_nothing_that_say_how_surely_they_hold():
    low, high, held = of_one(0.02).intervals(0.8)

    assert (low[0], high[0]) == (0, pytest.approx(0.12))  # up to the units expected, which are no order yet
    assert held[0] == pytest.approx(0.98)


def test_the_level_that_is_said_is_the_share_of_totals_within_the_bounds():
    random = np.random.default_rng(0)
    demand = of_one(0.7, further=1.5, units=(4.0, 10.0), weights=(0.6, 0.4), shape=2.0)
    [low], [high], [held] = demand.intervals(0.8)

    purchases = (random.random(40_000) < 0.7) * (1 + random.negative_binomial(2, 2 / 3.5, 40_000))
    tens = random.binomial(purchases, 0.4)
    totals = 4 * purchases + 6 * tens
    assert np.mean((totals >= low) & (totals <= high)) == pytest.approx(held, abs=0.01)
    assert totals.mean() == pytest.approx(demand.expected[0], rel=0.02)
    assert held >= 0.8


def test_what_is_bought_for_sure_leaves_no_more_below_its_bounds_than_above_them():
    low, _, held = of_one(1.0, units=(2.0, 6.0, 7.0, 20.0), weights=(0.1, 0.4, 0.4, 0.1), shape=50.0).intervals(0.75)

    assert low[0] == 6
    assert held[0] == pytest.approx(0.8)


@pytest.mark.parametrize("probability", [0.0, 0.05, 0.5, 0.9, 0.99, 1.0])
@pytest.mark.parametrize("days", [1, 28, 365])
@pytest.mark.parametrize("quantity", [0.05, 6.0, 80_000.0])
def test_what_is_expected_lies_within_the_bounds(probability, days, quantity):
    demand = weekly(probability, days, quantity)
    [low], [high], [held] = demand.intervals(0.8)

    assert 0 <= low <= demand.expected[0] <= high
    assert 0.8 <= held <= 1
    assert high <= 60 * 3 * quantity


def test_a_client_of_every_week_is_expected_four_times_in_four_weeks():
    habits = DemandHabits(further=Blend(1.0, 0.0, 1.0), spread=0.0)

    assert weekly(0.999, habits=habits).expected[0] == pytest.approx(4 * 6, rel=0.15)


def test_units_and_bounds_grow_with_the_horizon():
    days = np.array([7, 28, 90, 365])
    probability = carried_over(0.6, 28, days, pace=1.0)
    demands = [weekly(float(p), int(d)) for p, d in zip(probability, days, strict=True)]

    assert np.all(np.diff([demand.expected[0] for demand in demands]) > 0)
    assert np.all(np.diff([demand.intervals(0.8)[1][0] for demand in demands]) > 0)


@pytest.mark.parametrize("blend", [Blend(1.0, 0.3, 1.8), Blend(1.5, 0.8, 0.2)], ids=["above one", "below one"])
def test_what_was_learned_of_four_weeks_holds_for_each_four_weeks_of_a_year(blend):
    habits = DemandHabits(further=blend, days=28)

    month, year = (weekly_expecting(np.array([days / 7]), days, habits=habits) for days in (28, 364))

    assert year.expected[0] == pytest.approx(13 * month.expected[0], rel=0.001)
    [low], [high], _ = year.intervals(0.8)
    assert low < year.expected[0] < high


def test_a_faster_pace_carries_further():
    assert carried_over(0.5, 28, np.array([28]), pace=1.0) == pytest.approx(0.5)
    assert carried_over(0.5, 28, np.array([28]), pace=2.0) == pytest.approx(0.75)


def test_of_what_is_all_but_certain_within_the_horizon_what_is_bought_more_often_is_expected_sooner():
    habits = DemandHabits(again=Blend(0.5, 0.4, 0.9), days=28)
    monthly_weekly, own = np.array([0.97, 0.99]), np.array([1.0, 4.0])

    expected = {days: purchases_again(monthly_weekly, own, 90, days, habits) for days in (7, 28, 60, 90, 180)}

    assert expected[28] == pytest.approx(habits.again.of(expected_purchases(monthly_weekly), own))
    assert expected[28][1] > 3 * expected[28][0]
    assert expected[90] == pytest.approx(expected_purchases(monthly_weekly))  # at a pace of 1
    assert np.all(np.diff(list(expected.values()), axis=0) > 0)
    assert purchases_again(monthly_weekly, own, 90, 30, DemandHabits()) == pytest.approx(expected[90] / 3)


def test_more_days_never_mean_fewer_purchases():
    habits = DemandHabits(again=Blend(2.0, 1.0, 1.0), days=28, pace=0.5)
    rare_daily, own = np.array([0.3, 0.999]), np.array([2.0, 28.0])

    expected = [purchases_again(rare_daily, own, 90, days, habits) for days in (7, 28, 40, 90, 180)]

    assert np.all(np.diff(expected, axis=0) >= 0)


def test_who_buys_each_month_and_no_more_does_so_in_every_fourth_week():
    habits = DemandHabits(again=Blend(1.0, 1.0, 0.0), further=Blend(1e-9, 1.0, 0.0), days=28)
    all_but_certain, own = np.array([0.99]), np.array([1.0])

    month, week = (purchases_again(all_but_certain, own, 90, days, habits) for days in (28, 7))

    assert -np.expm1(-week) == pytest.approx(-np.expm1(-month) / 4)
    units = {
        days: weekly_expecting(expected, days, habits=habits).expected for days, expected in ((28, month), (7, week))
    }
    assert units[7] == pytest.approx(units[28] / 4)


def test_beyond_the_horizon_the_odds_of_a_purchase_grow_with_the_days_and_not_its_rate():
    within = np.array([0.05, 0.5, 0.9])

    def probability(days: float) -> np.ndarray:
        return probability_of_any(expected_purchases(within) * days / 90, 90, days)

    assert probability(45) == pytest.approx(1 - (1 - within) ** 0.5)
    assert probability(90) == pytest.approx(within)
    assert probability(360) / (1 - probability(360)) == pytest.approx(4 * within / (1 - within))


def test_more_than_one_purchase_is_expected_of_who_will_surely_buy_beyond_the_horizon():
    year = weekly_expecting(np.array([52.0]), 364)

    assert 0.99 < year.probability[0] <= 0.999
    assert year.probability[0] * (1 + year.further[0]) == pytest.approx(52, rel=0.2)


def test_whole_units_are_forecast_for_who_buys_whole_units_and_not_for_who_buys_by_weight():
    assert np.all(weekly(0.9).units[0, -7:] % 1 == 0)
    assert np.any(weekly(0.9, quantity=6.5).units[0, -7:] % 1 != 0)
