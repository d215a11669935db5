"""Backtests of what is foretold at a cut, on habits that were put in and on cases whose answer is known."""

from datetime import timedelta

import numpy as np
import pytest

from recommender.engine.best import ranks_within
from recommender.engine.demand import Blend, DemandHabits, beyond_first, expected_purchases, further_purchases
from recommender.engine.demand_fitting import Followed, fit_further, fit_quantities, quantile_loss
from recommender.engine.metrics import LIST_LENGTH
from recommender.evaluation import evaluate
from recommender.evaluation.churn import weighted_areas
from recommender.evaluation.demand import scaled_loss
from recommender.evaluation.later_orders import later_orders
from recommender.evaluation.product_forecasts import weeks_after
from tests.recommender.histories import basket
from tests.wholesale import LAST_DAY

pytestmark = pytest.mark.django_db
CUT = LAST_DAY - timedelta(days=30)


@pytest.fixture(scope="module")
def found(wholesale_house, django_db_blocker):
    with django_db_blocker.unblock():
        return evaluate(CUT, LAST_DAY).after_cut


def test_intervals_of_weekly_habits_hold_about_as_often_as_they_say(found):
    [usual, _] = found.demand
    [everything, *_] = usual.groups

    assert usual.days == 28
    assert abs(everything.gap.value) < 0.1
    assert everything.promised.value == pytest.approx(everything.bought.value, abs=0.1)


def test_forecasts_of_habits_beat_repeating_the_last_days(found):
    [everything, *_] = found.demand[0].groups

    assert everything.difference.high < 0


def test_habits_of_a_week_are_no_more_probable_within_one_than_they_are(found):
    [_, week] = found.demand
    [everything, shown, *_] = week.groups

    assert week.days == 7
    for group in (everything, shown):
        assert group.promised.value == pytest.approx(group.bought.value, rel=0.1)
        # Rhythms as even as these are taken for a fifth more purchases than there are, whatever the seed.
        assert group.units.value == pytest.approx(1, abs=0.25)


def test_chosen_models_of_products_beat_repeating_the_last_week(found):
    [all_products, *of_classes] = found.products

    assert all_products.errors["Sales AI"].value < all_products.errors["naive"].value
    assert all_products.products == sum(group.products for group in of_classes)


def test_upgrades_are_held_against_as_many_of_the_dearest_of_the_category(found):
    suggested = found.upsell.suggestions

    assert 0 < suggested["dearest of the category"] <= suggested["Sales AI"]


def test_where_everyone_goes_on_ordering_nobody_can_be_told_to_have_stopped(found):
    assert found.churn is None


def test_a_history_that_ends_soon_after_the_cut_is_not_judged_by(wholesale_house):
    soon = evaluate(LAST_DAY - timedelta(days=10), LAST_DAY).after_cut

    assert [demand.days for demand in soon.demand] == [7]
    assert (soon.products, soon.upsell, soon.churn) == (None, None, None)


def test_what_came_after_the_cut_counts_for_those_that_were_known_and_products_for_all():
    before = basket([(0, 1, {0: 1}), (1, 2, {1: 1})], products=2)
    after = basket([(0, 1, {0: 1}), (0, 12, {0: 4}), (0, 19, {0: 3}), (1, 2, {1: 1}), (2, 11, {0: 7, 1: 7, 3: 9})])

    later = later_orders(before, after, cut=10)

    assert later.days == 9
    assert later.units(np.array([0, 0, 1]), np.array([0, 1, 1]), days=5).tolist() == [4, 0, 0]
    assert later.ordered(2, days=5).tolist() == [True, False]
    assert weeks_after(later)[:, :2].tolist() == [[11, 3], [7, 0]]


def test_an_area_is_the_share_of_pairs_in_the_right_order_with_ties_as_half():
    score, silent = np.array([3.0, 2.0, 2.0, 1.0]), np.array([True, True, False, False])

    [plain, drawn] = weighted_areas(score, silent, np.array([[1, 1, 1, 1], [0, 2, 1, 0]]))

    assert plain == pytest.approx(3.5 / 4)
    assert drawn == 0.5


def test_the_most_probable_products_of_each_client_are_shown():
    client = np.repeat([0, 1], [12, 3])

    shown = ranks_within(client, np.r_[np.arange(12) / 12, 0.1, 0.2, 0.3]) < LIST_LENGTH

    assert np.flatnonzero(~shown).tolist() == [0, 1]


def test_losses_weigh_what_lies_outside_the_outer_points_and_scale_with_what_is_usual():
    missed = quantile_loss(np.array([10.0]), np.array([[0.0, 10.0, 20.0]]), (0.1, 0.5, 0.9))

    assert missed[0] == pytest.approx([1.0, 0.0, 1.0])
    assert scaled_loss(np.array([10.0]), np.array([[0.0]]), np.array([5.0])) == pytest.approx([1.0])


def followed(random: np.random.Generator, habits: DemandHabits, rows: int = 4000) -> Followed:
    """Purchases that came just as `habits` say."""
    expected, own = expected_purchases(random.uniform(0.05, 0.9, rows)), random.uniform(0.1, 4.0, rows)
    mean = further_purchases(expected, own, habits.further)
    further = random.poisson(random.gamma(habits.further_shape, mean / habits.further_shape))
    count = np.where(random.poisson(expected) > 0, 1 + further, 0)
    usual = random.uniform(5, 50, rows)
    units = usual * np.exp(habits.spread * random.normal(size=rows))
    return Followed(expected, own, count, units, np.full((rows, 10), np.nan), usual)


@pytest.mark.parametrize("blend", [Blend(1.5, 0.2, 0.8), Blend(0.6, 0.0, 1.9)], ids=["by chance", "at regular times"])
def test_how_often_purchases_repeat_is_learned_from_what_came(blend):
    truth = DemandHabits(further=blend, further_shape=2.0)

    learned = fit_further([followed(np.random.default_rng(0), truth)], DemandHabits())

    assert learned.further.level == pytest.approx(blend.level, rel=0.1)
    assert (learned.further.head, learned.further.rate) == pytest.approx((blend.head, blend.rate), abs=0.1)
    assert 1.4 <= learned.further_shape <= 2.9


def test_beyond_what_was_learned_purchases_grow_no_faster_than_the_rate():
    truth = DemandHabits(further=Blend(0.6, 0.0, 1.9))
    learned = fit_further([followed(np.random.default_rng(0), truth)], DemandHabits()).further  # rates up to 4

    one, few, many, twice = learned.of(np.ones(4), np.array([1.0, 2.0, 12.0, 24.0]))

    assert few / one == pytest.approx(2**learned.rate)
    assert twice / many == pytest.approx(2, rel=0.01)


@pytest.mark.parametrize("spread", [0.2, 1.0])  # the default, 0.6, lies between
def test_how_far_quantities_differ_is_learned_from_what_was_taken(spread):
    learned = fit_quantities(followed(np.random.default_rng(0), DemandHabits(spread=spread)), DemandHabits())

    assert learned.spread == pytest.approx(spread, abs=0.1)


def test_too_few_purchases_teach_nothing():
    few = followed(np.random.default_rng(0), DemandHabits(further=Blend(4.0, 0.5, 0.5)), rows=10)

    assert fit_quantities(few, fit_further([few], DemandHabits())) == DemandHabits()


def test_what_comes_beyond_the_first_of_a_poisson_process_is_its_mean_less_one_where_that_is_large():
    assert beyond_first(np.array([1e-9, 20.0])) == pytest.approx([0, 19], abs=1e-5)
