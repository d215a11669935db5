"""What buyers of a product take at once, and how often clients below that go up to it."""

import numpy as np
import pytest

from recommender.engine.volumes import DOUBT_PURCHASES, USUAL_RATE, fit_volumes
from tests.recommender.test_engine import basket

AS_OF, HORIZON = 100.0, 20.0


def house(later):
    """Twelve clients buy a product five times before day 80, nine of them 6 and three 10.

    Some of the nine buy it once more: `later`, the units of each.
    """
    orders = [(client, day, {0: 10 if client >= 9 else 6}) for client in range(12) for day in range(10, 60, 10)]
    more = [(client, 90, {0: units}) for client, units in enumerate(later)]
    return basket(sorted(orders + more, key=lambda order: order[:2]), products=2)


def test_the_upper_quarter_of_the_regular_buyers_shows_what_others_could_take():
    volumes = fit_volumes(house([]), AS_OF, HORIZON)

    assert (volumes.larger[0], volumes.takers[0], volumes.buyers[0]) == (10, 3, 12)
    assert np.isnan(volumes.larger[1])


@pytest.mark.parametrize(("usual", "step"), [(6, 10), (5, 10), (4, np.nan), (10, np.nan), (12, np.nan)])
def test_a_client_is_shown_a_step_up_to_twice_what_it_takes(usual, step):
    volumes = fit_volumes(house([]), AS_OF, HORIZON)

    assert volumes.step(np.array([0]), np.array([float(usual)]))[0] == pytest.approx(step, nan_ok=True)


def test_the_rate_is_of_those_who_bought_again_the_share_that_took_as_much():
    volumes = fit_volumes(house([10, 12, 6, 6, 9, 6]), AS_OF, HORIZON)

    assert volumes.rate == pytest.approx((2 + USUAL_RATE * DOUBT_PURCHASES) / (6 + DOUBT_PURCHASES), abs=1e-4)


def test_the_rate_is_by_what_was_known_before_the_days_that_it_is_of():
    """Of twelve clients who bought twice before them nobody's usual quantity was known."""
    orders = [(client, day, {0: 10 if client >= 9 else 6}) for client in range(12) for day in (10, 50, 90)]

    volumes = fit_volumes(basket(orders), AS_OF, HORIZON)

    assert (volumes.larger[0], volumes.rate) == (10, USUAL_RATE)
