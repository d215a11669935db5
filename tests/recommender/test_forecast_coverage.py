"""What a forecast says of its own past accuracy: how often intervals like its own held."""

from datetime import timedelta

import numpy as np
import pytest

from recommender import registry
from recommender.engine.asking import DEMAND_DAYS
from recommender.engine.groups import Attributes
from recommender.engine.training import train
from recommender.loading.merge import merge_orders
from recommender.models import ModelVersion
from recommender.requests import SuggestionRequest
from recommender.suggestions import suggest
from recommender.training import train_version
from tests.recommender.histories import basket
from tests.wholesale import LAST_DAY

AS_OF = 364.0
CLIENTS = 60


def weekly_orders(last_quantity):
    """Each client takes two products every week, six of each, but `last_quantity` in the last days."""
    return basket(
        [
            (client, day, dict.fromkeys((client % 4, 4), 6 if day < AS_OF - DEMAND_DAYS else last_quantity))
            for client in range(CLIENTS)
            for day in np.arange(client % 7, AS_OF, 7.0)
        ],
        products=5,
    )


def coverage(last_quantity):
    history = weekly_orders(last_quantity)
    nothing = np.full(len(history.clients), "")
    return train(history, Attributes(nothing, nothing), AS_OF).coverage


def test_intervals_of_steady_demand_held_and_those_before_a_leap_did_not():
    assert coverage(6).of("", "") > 0.7
    assert coverage(600).of("", "") < 0.1


def test_two_forecasts_are_too_few_for_a_client_to_have_a_coverage_of_its_own():
    assert coverage(6).clients == {}


@pytest.mark.django_db
def test_a_forecast_shows_how_often_intervals_held_and_a_list_how_much_was_found(wholesale_house):
    model = registry.load(ModelVersion.objects.active().get())
    coverage, recall = model.coverage.clients, model.recall.clients
    client = min(client for client in coverage.keys() & recall.keys() if coverage[client] != recall[client])

    forecast, listed = suggest(
        [
            SuggestionRequest(client=client, purpose=purpose, now=LAST_DAY)
            for purpose in ("demand-forecasting", "recommendation")
        ]
    )

    assert forecast.accuracy["historical"] == coverage[client]
    assert listed.accuracy["historical"] == recall[client]
    assert 0.5 < model.coverage.of("", "") <= 1


@pytest.mark.parametrize("purpose", ["demand-forecasting", "recommendation"])
def test_where_nothing_was_held_out_no_past_accuracy_is_shown(empty_house, purpose):
    line = {"product": "bread", "quantity": 2}
    merge_orders([{"external_id": "o", "client": "c", "ordered_at": LAST_DAY, "lines": [line]}], "test")
    registry.promote(train_version(LAST_DAY + timedelta(days=1)))

    [result] = suggest([SuggestionRequest(client="c", purpose=purpose, now=LAST_DAY + timedelta(days=2))])

    assert set(result.accuracy) == {"estimated"}
