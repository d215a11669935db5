"""What buyers of a product take at once, and how often clients below that go up to it."""

import numpy as np
import pytest

from recommender.engine.volumes import fit_volumes
from tests.recommender.histories import basket

AS_OF, HORIZON = 100.0, 20.0


def house(later, day=90, others=()):
    """Twelve clients buy a product five times before day 80, nine of them 6 and three 10.

    Some of the nine buy it once more on that `day`: `later`, the units of each. `others` are orders besides.
    """
    orders = [(client, day, {0: 10 if client >= 9 else 6}) for client in range(12) for day in range(10, 60, 10)]
    more = [(client, day, {0: units}) for client, units in enumerate(later)]
    return basket(sorted([*orders, *more, *others], key=lambda order: order[:2]), products=2)


def test_the_upper_quarter_of_the_regular_buyers_shows_what_others_could_take():
    volumes = fit_volumes(house([]), AS_OF, HORIZON)

    assert (volumes.larger[0], volumes.takers[0], volumes.buyers[0]) == (10, 3, 12)
    assert np.isnan(volumes.larger[1])


@pytest.mark.parametrize(("buyers", "larger"), [(7, np.nan), (8, 10)])
def test_it_takes_eight_clients_that_bought_a_product_three_times_to_tell(buyers, larger):
    regular = [
        (client, day, {0: units}) for client, units in enumerate([6] * (buyers - 2) + [10, 11]) for day in (70, 80, 90)
    ]
    seldom = [(client, day, {0: 20}) for client in range(buyers, buyers + 4) for day in (80, 90)]

    volumes = fit_volumes(basket(regular + seldom), AS_OF, HORIZON)

    assert volumes.larger[0] == pytest.approx(larger, nan_ok=True)
    assert volumes.buyers[0] == buyers


@pytest.mark.parametrize(("usual", "step"), [(6, 10), (5, 10), (4, np.nan), (10, np.nan), (12, np.nan)])
def test_a_client_is_shown_a_step_up_to_twice_what_it_takes(usual, step):
    volumes = fit_volumes(house([]), AS_OF, HORIZON)

    assert volumes.step(np.array([0]), np.array([float(usual)]))[0] == pytest.approx(step, nan_ok=True)


def rate_of(history):
    return fit_volumes(history, AS_OF, HORIZON).rate


def test_the_rate_is_of_those_who_bought_again_the_share_that_took_as_much():
    rate = rate_of(house([10, 12, 6, 6, 9, 6]))

    assert rate == 0.1538  # 2 of 6 took 10 or more, and a tenth of 20 in doubt: (2 + 2) / (6 + 20)


def test_what_is_bought_on_the_first_day_of_the_horizon_counts_for_the_rate():
    assert rate_of(house([10, 12, 6], day=80)) == rate_of(house([10, 12, 6], day=90))


def test_who_bought_a_product_twice_before_the_horizon_tells_nothing_of_the_rate():
    seldom = [(12, 10, {0: 6}), (12, 20, {0: 6}), (12, 90, {0: 10})]

    assert rate_of(house([6, 6], others=seldom)) == rate_of(house([6, 6]))
