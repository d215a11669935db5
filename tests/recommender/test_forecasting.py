"""From the probability of a purchase to units with an interval."""

import numpy as np
import pytest

from recommender.engine.history import OrderHistory
from recommender.forecasting import forecast_of

NOTHING_BOUGHT = OrderHistory(
    clients=np.array(["c"]),
    products=np.array(["p"]),
    order_client=np.zeros(0, np.int32),
    order_day=np.zeros(0),
    line_order=np.zeros(0, np.int32),
    line_product=np.zeros(0, np.int32),
    line_quantity=np.zeros(0),
    line_price=np.zeros(0),
)


def forecast(probability, quantity=6.0, factor=1.0):
    answer = forecast_of(
        NOTHING_BOUGHT, 0, now=20_000.5, horizon_days=28, probability=probability, quantity=quantity, factor=factor
    )
    return answer["forecast"]


@pytest.mark.parametrize("probability", [0.5, 0.9, 0.99])
def test_what_is_expected_lies_within_the_interval(probability):
    shown = forecast(probability)

    assert 0 <= shown["low"] < shown["units"] < shown["high"]
    assert shown["level"] == 0.8


def test_what_is_hardly_bought_is_hardly_expected_and_certainty_is_no_infinity():
    assert forecast(0.0)["units"] == 0
    assert forecast(0.9)["units"] > forecast(0.5)["units"] > forecast(0.1)["units"] > 0
    assert forecast(1.0)["high"] < 100


def test_demand_that_doubles_doubles_units_and_interval():
    usual, twice = forecast(0.9), forecast(0.9, factor=2.0)

    assert [twice[name] for name in ("units", "low", "high")] == pytest.approx(
        [2 * usual[name] for name in ("units", "low", "high")], abs=0.02
    )
