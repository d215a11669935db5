"""From the probability of a purchase to units with an interval, on demand whose answer is known."""

import numpy as np
import pytest

from recommender.engine.demand import GRID, Blend, Demand, DemandHabits, demand_of, own_purchases
from recommender.engine.features import FEATURES
from recommender.engine.heads import Head, TwoHeads
from recommender.engine.horizons import Foretold, Horizons
from recommender.engine.purchases import purchases_of
from recommender.engine.start import Start
from tests.recommender.histories import basket

NOW = 400.0
HABITS = DemandHabits(further_shape=50.0)


def sure_of(probability: float) -> Head:
    """A head that says so of everything."""
    odds = np.log(probability / (1 - probability)) if 0 < probability < 1 else np.sign(probability - 0.5) * 30
    return Head(Start("repeat", [0.0, 0.0, 0.0], float(odds)), None, 1.0, 0.0)


def horizons(within: dict[float, float], pace: float = 1.0) -> Horizons:
    """`within`: days to the probability of a purchase."""
    *sooner, of_horizon = map(sure_of, within.values())
    return Horizons(tuple(within), tuple(sooner), TwoHeads(of_horizon, of_horizon), pace)


def foretold(
    within: dict[float, float], days: float, own: float = 4.0, habits: DemandHabits = HABITS, pace: float = 1.0
) -> Foretold:
    """Of one client and product, bought before; `own` purchases in four weeks at the client's own rate."""
    features = np.zeros((1, len(FEATURES)), np.float32)
    return horizons(within, pace).foretold(features, np.zeros(1, bool), np.array([own]), days, habits)


def of_one(probability: float, further: float = 0.0, units=(6.0,), weights=(1.0,), shape: float = 50.0) -> Demand:
    return Demand(np.array([probability]), np.array([further]), np.array([units]), np.array([weights]), shape)


def weekly(probability: float, days: float = 28, quantity: float = 6.0, habits: DemandHabits = HABITS) -> Demand:
    """Of a client that bought the same product every week for a year, from day 36 to NOW."""
    history = basket([(0, NOW - 7 * week, {0: quantity}) for week in range(52, 0, -1)], products=1)
    purchases = purchases_of(history)
    [own] = own_purchases(purchases, np.array([NOW]), habits.days)
    found = foretold({days: probability}, days, own, habits)
    usual = np.array([quantity])
    return demand_of(purchases, history.line_quantity, usual, found.probability, found.further, habits)


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


def test_a_client_of_every_week_is_expected_four_times_in_four_weeks():
    habits = DemandHabits(further=Blend(1.0, 0.0, 1.0), spread=0.0)

    assert weekly(0.999, habits=habits).expected[0] == pytest.approx(4 * 6, rel=0.15)


def test_units_and_bounds_grow_with_the_horizon():
    demands = [weekly(probability, days) for days, probability in ((7, 0.2), (28, 0.6), (90, 0.95), (365, 0.999))]

    assert np.all(np.diff([demand.expected[0] for demand in demands]) > 0)
    assert np.all(np.diff([demand.intervals(0.8)[1][0] for demand in demands]) > 0)


@pytest.mark.parametrize("blend", [Blend(1.0, 0.3, 1.8), Blend(1.5, 0.8, 0.2)], ids=["above one", "below one"])
def test_what_was_learned_of_four_weeks_holds_for_each_four_weeks_of_a_year(blend):
    habits = DemandHabits(further=blend, days=28)

    month, year = (foretold({28: 0.9}, days, habits=habits) for days in (28, 364))

    purchases = [found.probability * (1 + found.further) for found in (month, year)]
    assert purchases[1] == pytest.approx(13 * purchases[0])


def test_a_head_is_taken_at_its_word_about_the_days_it_was_asked_about():
    within = {7: 0.3, 28: 0.8, 90: 0.97}

    assert [foretold(within, days).probability[0] for days in within] == pytest.approx(list(within.values()))


def test_between_two_numbers_of_days_purchases_rise_as_a_power_of_the_days():
    expected = -np.log1p(-np.array([0.3, 0.8]))

    halfway = -np.log1p(-foretold({7: 0.3, 28: 0.8, 90: 0.97}, 14).probability[0])

    assert halfway == pytest.approx(np.sqrt(expected[0] * expected[1]))


def test_within_fewer_days_than_were_asked_about_the_probability_grows_evenly():
    assert foretold({7: 0.7, 28: 0.9}, 2).probability[0] == pytest.approx(0.2)


def test_more_days_never_mean_fewer_purchases_whatever_the_heads_say():
    probabilities = [foretold({7: 0.6, 28: 0.5, 90: 0.55}, days).probability[0] for days in (3, 7, 20, 28, 60, 90, 180)]

    assert probabilities == sorted(probabilities)


@pytest.mark.parametrize("own", [0.2, 4.0, 20.0])
def test_more_days_never_mean_fewer_units_where_the_heads_expect_no_more_after_four_weeks(own):
    habits = DemandHabits(further=Blend(1.0, 0.8, 0.8))
    heads = {7: 0.6, 28: 0.97, 90: 0.95}

    found = [foretold(heads, days, own, habits) for days in (1, 7, 14, 28, 29, 45, 60, 89, 90, 91, 180, 365)]

    purchases = [each.probability[0] * (1 + each.further[0]) for each in found]
    assert purchases == sorted(purchases)


def test_the_pace_of_late_carries_what_was_learned_a_horizon_ago():
    faster = foretold({28: 0.5, 90: 0.75}, 90, pace=2.0)

    assert faster.probability[0] == pytest.approx(1 - 0.25**2)
    assert foretold({28: 0.5, 90: 0.75}, 28, pace=2.0).probability[0] == pytest.approx(0.5)


def test_what_is_new_to_a_client_comes_evenly_within_the_horizon():
    features, is_new = np.zeros((1, len(FEATURES)), np.float32), np.ones(1, bool)

    found = horizons({7: 0.6, 90: 0.84}).foretold(features, is_new, np.zeros(1), 45, HABITS)

    assert found.probability[0] == pytest.approx(1 - 0.16**0.5)


def test_who_buys_each_month_and_no_more_buys_as_much_in_four_weeks_as_in_each_of_them():
    habits = DemandHabits(further=Blend(1e-9, 1.0, 0.0), days=28)

    month, week = (foretold({7: 0.24, 28: 0.96}, days, own=1.0, habits=habits) for days in (28, 7))

    assert (month.further[0], week.further[0]) == pytest.approx((0, 0), abs=1e-6)


def test_beyond_the_horizon_the_odds_of_a_purchase_grow_with_the_days_and_not_its_rate():
    probabilities = np.array([foretold({90: probability}, 360).probability[0] for probability in (0.05, 0.5, 0.9)])

    assert probabilities / (1 - probabilities) == pytest.approx(np.array([4 / 19, 4, 36]))


def test_more_than_one_purchase_is_expected_of_who_will_surely_buy_beyond_the_horizon():
    habits = DemandHabits(further=Blend(1.0, 0.0, 1.0))

    year = foretold({90: 0.999}, 364, own=4.0, habits=habits)

    assert year.probability[0] * (1 + year.further[0]) == pytest.approx(52, rel=0.2)


def test_whole_units_are_forecast_for_who_buys_whole_units_and_not_for_who_buys_by_weight():
    assert np.all(weekly(0.9).units[0, -7:] % 1 == 0)
    assert np.any(weekly(0.9, quantity=6.5).units[0, -7:] % 1 != 0)
