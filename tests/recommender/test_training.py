"""Training: orders in, a version that answers out."""

import resource
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from recommender import order_rows, registry
from recommender.engine.history import OrderHistory
from recommender.loading.merge import merge_orders
from recommender.management.commands.evaluate_recommender import default_cut
from recommender.models import ModelVersion, Order
from recommender.requests import SuggestionRequest
from recommender.suggestions import suggest
from recommender.training import train_version
from salesai.locks import AdvisoryLock
from tests.wholesale import FIRST_DAY, LAST_DAY

pytestmark = pytest.mark.django_db


def suggested(now=LAST_DAY, purpose="recommendation", **wishes):
    return suggest([SuggestionRequest(client="cafe-03", purpose=purpose, now=now, **wishes)])[0]


def test_a_version_tells_what_it_was_trained_on_and_how_well_it_did(wholesale_house):
    version = ModelVersion.objects.active().get()

    assert str(version) == "sales-recommender-v2 2.1.0"
    assert (
        version.row_counts["orders"]
        == Order.objects.filter(ordered_at__lt=LAST_DAY, lines__isnull=False).distinct().count()
    )
    assert version.data_until == datetime(2025, 11, 1, tzinfo=UTC)  # the day of the last order is over
    assert version.metrics["recall@10"] > 0.8
    assert version.metrics["ece"] < 0.1


def test_a_version_tells_what_it_promised_and_what_happened_bin_by_bin(wholesale_house):
    version = ModelVersion.objects.active().get()
    promised, happened, count = (
        np.array([each[name] for each in version.reliability]) for name in ("promised", "happened", "count")
    )

    gaps = np.abs(promised - happened) * count

    assert gaps.sum() / count.sum() == pytest.approx(version.metrics["ece"], abs=0.001)
    assert (np.diff(promised) > 0).all()
    assert count.sum() <= 10 * version.metrics["held_out_orders"]
    assert "reliability" not in version.scores


def test_the_same_history_gives_the_same_bytes(wholesale_house):
    first, second = train_version(LAST_DAY), train_version(LAST_DAY)

    assert first.sha256 == second.sha256
    assert second.number == first.number + 1


def test_where_only_returns_are_stored_that_is_what_training_says(empty_house):
    back = {
        "external_id": "R1",
        "client": "cafe-01",
        "ordered_at": LAST_DAY,
        "lines": [{"product": "milk", "quantity": -2}],
    }
    merge_orders([back], source="test")

    with pytest.raises(CommandError, match="No order before 2026-01-01 00:00 has a quantity above zero"):
        call_command("train_recommender", "--until", "2026-01-01", stderr=StringIO())


@pytest.fixture
def full_disk():
    """No file can be longer than this."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_model_that_finds_no_room_is_told_with_its_folder_and_nothing_stays_of_it(
    wholesale_house, own_models_folder, full_disk
):
    before = set(own_models_folder.iterdir())

    with pytest.raises(CommandError, match=f"The model cannot be written to {own_models_folder}/.*Is there room"):
        call_command("train_recommender", "--until", LAST_DAY.isoformat(), stderr=StringIO())

    assert ModelVersion.objects.latest("number").status == "failed"
    assert set(own_models_folder.iterdir()) == before


def rewrite(late):
    merge_orders(
        [
            {"external_id": order.external_id, "client": "bar-01", "ordered_at": order.ordered_at,
             "lines": [{"product": "nuts", "quantity": 99}]}
            for order in late
        ],
        source="test",
    )  # fmt: skip


def deal_anew(late):
    orders = list(late)
    clients = [order.client_id for order in orders]
    for order, client in zip(orders, clients[1:] + clients[:1], strict=True):
        order.client_id = client
    Order.objects.bulk_update(orders, ["client_id"])


def delete(late):
    late.delete()


@pytest.mark.parametrize("tamper", [rewrite, deal_anew, delete])
def test_orders_from_then_on_change_nothing(wholesale_house, tamper):
    cut = LAST_DAY - timedelta(days=40)
    before = train_version(cut)
    answer = suggested(now=cut)

    tamper(Order.objects.filter(ordered_at__gte=cut))

    assert train_version(cut).sha256 == before.sha256
    assert suggested(now=cut).recommendations == answer.recommendations


def new_order(cut):
    return {"external_id": "pushed meanwhile", "client": "a new one", "ordered_at": cut - timedelta(days=1)}


def order_moved_before(cut):
    later = Order.objects.filter(ordered_at__gte=cut).earliest("pk")
    return {"external_id": later.external_id, "client": "bar-01", "ordered_at": cut - timedelta(days=1)}


@pytest.mark.parametrize("order", [new_order, order_moved_before])
def test_an_order_that_comes_in_while_orders_are_read_is_read_whole_or_not_at_all(wholesale_house, monkeypatch, order):
    cut, copy_arrays = LAST_DAY - timedelta(days=40), order_rows.copy_arrays
    former = order_rows.read_order_rows(cut).baskets()

    def copy_before_the_order(*arguments):
        copied = copy_arrays(*arguments)
        merge_orders([order(cut) | {"lines": [{"product": "unheard-of", "quantity": 9}]}], source="test")
        return copied

    monkeypatch.setattr(order_rows, "copy_arrays", copy_before_the_order)
    read = order_rows.read_order_rows(cut).baskets()

    for column in fields(OrderHistory):
        np.testing.assert_array_equal(getattr(read, column.name), getattr(former, column.name))


def test_a_batch_and_single_calls_agree(wholesale_house):
    requests = [
        SuggestionRequest(client=client, purpose=purpose, now=LAST_DAY)
        for client in ("bar-07", "cafe-03", "nobody")
        for purpose in ("recommendation", "cross-sell", "upsell")
    ]

    together = suggest(requests)

    alone = [suggest([request])[0] for request in requests]
    assert [result.recommendations for result in together] == [result.recommendations for result in alone]
    assert [result.insights for result in together] == [result.insights for result in alone]


def test_asked_for_an_earlier_moment_the_version_of_then_answers(wholesale_house):
    earlier = train_version(LAST_DAY - timedelta(days=60))
    as_of = (LAST_DAY - timedelta(days=30)).isoformat()

    assert suggested(parameters={"asOf": as_of}).model_version == earlier
    too_early = suggested(parameters={"asOf": FIRST_DAY.isoformat()})
    assert too_early.model_version == ModelVersion.objects.active().get()
    assert "has seen later ones" in too_early.insights["riskFactors"][-1]


def test_orders_of_long_ago_are_learned_from_as_of_their_own_last_day(wholesale_house):
    """An export is tried out: its age is not taken for a silence of its clients."""
    later = train_version(LAST_DAY + timedelta(days=400))
    registry.promote(later)

    as_of = later.data_until.isoformat()
    result = suggested(purpose="demand-forecasting", parameters={"asOf": as_of})

    last = Order.objects.latest("ordered_at").ordered_at
    assert later.data_until.date() == last.date() + timedelta(days=1)
    assert {"coffee", "milk", "sugar"} <= {line["product"] for line in result.recommendations}
    assert [risk for risk in result.insights["riskFactors"] if "has seen later ones" in risk] == []


def test_one_training_at_a_time(wholesale_house):
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [AdvisoryLock.TRAINING])
        with pytest.raises(CommandError, match="Another training is under way"):
            call_command("train_recommender", stderr=StringIO())
        cursor.execute("SELECT pg_advisory_unlock(%s)", [AdvisoryLock.TRAINING])
    other.close()


def test_without_orders_training_says_how_to_get_some(empty_house):
    with pytest.raises(CommandError, match="import_orders"):
        call_command("train_recommender", stderr=StringIO())


@pytest.mark.parametrize("orders", [1, 2, 5])
def test_a_handful_of_orders_is_enough_to_train_and_suggest(empty_house, orders):
    merge_orders(
        [
            {"external_id": f"o{n}", "client": f"c{n % 2}", "ordered_at": FIRST_DAY + timedelta(days=n),
             "lines": [{"product": f"p{n % 3}", "quantity": 2}]}
            for n in range(orders)
        ],
        source="test",
    )  # fmt: skip
    registry.promote(train_version(LAST_DAY))

    [result] = suggest([SuggestionRequest(client="c0", purpose="recommendation", now=LAST_DAY)])

    assert result.recommendations[0]["product"] in {"p0", "p1", "p2"}
    assert 0 < result.confidence < 1


@pytest.mark.parametrize("year", [1, 1900, 1970])
def test_a_date_that_holds_the_place_of_none_does_not_stretch_the_history(empty_house, year):
    """Such as a tool pushes that has no better one; the contract takes it."""
    days = (datetime(year, 1, 1, tzinfo=UTC), FIRST_DAY, FIRST_DAY + timedelta(days=60))
    merge_orders(
        [
            {"external_id": f"{day}", "client": "c", "ordered_at": day, "lines": [{"product": "p", "quantity": 1}]}
            for day in days
        ],
        source="api",
    )

    version = train_version(LAST_DAY)

    assert (version.data_from.date(), version.row_counts["orders"]) == (FIRST_DAY.date(), 2)
    assert version.parameters["horizonDays"] < 60
    assert FIRST_DAY < default_cut(LAST_DAY) < FIRST_DAY + timedelta(days=60)


@pytest.mark.parametrize("clients", [1, 6])
def test_what_every_order_holds_is_expected_in_the_next_one(empty_house, clients):
    merge_orders(
        [
            {"external_id": f"{client}-{week}", "client": f"c{client}", "ordered_at": FIRST_DAY + timedelta(weeks=week),
             "lines": [{"product": product, "quantity": 2} for product in ("bread", "milk")]}
            for client in range(clients)
            for week in range(30)
        ],
        source="test",
    )  # fmt: skip
    registry.promote(train_version(FIRST_DAY + timedelta(weeks=30)))
    now = FIRST_DAY + timedelta(weeks=30)

    basket, forecast = suggest(
        [SuggestionRequest("c0", purpose, now=now) for purpose in ("recommendation", "demand-forecasting")]
    )

    assert min(line["confidence"] for line in basket.recommendations) > 0.85
    assert min(line["confidence"] for line in forecast.recommendations) > 0.85


def test_a_model_is_trained_while_developing_too(wholesale_house, settings):
    settings.DEBUG = True

    assert train_version(LAST_DAY).status == ModelVersion.Status.CANDIDATE
