"""How many units are suggested of what a client bought before."""

import numpy as np
import pytest

from recommender.engine.purchases import purchases_of
from recommender.engine.quantities import usual_quantities
from tests.recommender.histories import history_of

TYPICAL = np.array([10.0, 4.0])


def usual_of(history, typical=TYPICAL):
    return usual_quantities(history, purchases_of(history), typical)


@pytest.mark.parametrize(
    ("bought", "suggested"),
    [
        ([7], 7),  # once is all there is to go by
        ([1000], 94.869),  # unless it is far beyond what is usual: 3 x 10 x 100 ** (1 / 4)
        ([12, 12, 300, 12, 12], 12),  # one large order is no habit
        ([6, 6, 6, 24, 24, 24], 24),  # a lasting change is followed
        ([8, 20], 10.986),  # of two that differ, what others take decides: 10 x (0.8 x 2) ** (1 / 5)
    ],
)
def test_the_suggested_units_are_what_the_client_takes_these_days(bought, suggested):
    history = history_of([{0: units} for units in bought])

    assert usual_of(history).tolist() == [suggested]


def test_a_client_gets_the_same_units_alone_and_among_others():
    small, large = [{0: 2, 1: 1}, {0: 5}, {1: 3}], [{0: 100, 1: 44}, {0: 70}]

    together = usual_of(history_of(small, large)).tolist()

    alone = [usual_of(history_of(client)).tolist() for client in (small, large)]
    assert together == alone[0] + alone[1]


def test_a_product_nobody_else_is_known_to_buy_goes_by_the_clients_own_orders():
    history = history_of([{1: 5}, {1: 6}, {1: 6}])

    assert usual_of(history, TYPICAL[:1]).tolist() == [6]
