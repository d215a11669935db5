"""Operating the models from the admin, by those who may."""

import psycopg
import pytest
from django.db import connection
from django.urls import reverse

from recommender.models import ModelVersion
from salesai.locks import AdvisoryLock
from tests.service import address_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house")]
PROMOTE = "admin:recommender_modelversion_promote"


@pytest.fixture
def former():
    return ModelVersion.objects.active().get()


@pytest.fixture
def newer(former):
    """Another version with the same files, which nobody asks yet."""
    version = ModelVersion.objects.get(pk=former.pk)
    version.pk, version.number = None, former.number + 1
    version.status, version.traffic_share = ModelVersion.Status.CANDIDATE, 0
    version.save()
    return version


def shares():
    return dict(ModelVersion.objects.active().values_list("number", "traffic_share"))


def let_answer(ops, version, **fields):
    address = reverse(PROMOTE, args=[version.pk])
    return ops.post(address, {"percent": "100"} | fields, follow=True).content.decode()


def test_a_version_answers_all_and_is_rolled_back(ops, former, newer):
    let_answer(ops, newer)
    all_by_newer = shares()
    let_answer(ops, former)

    assert all_by_newer == {newer.number: 1}
    assert shares() == {former.number: 1}
    assert ModelVersion.objects.get(pk=newer.pk).status == "retired"


def test_a_share_of_the_clients_makes_a_test(ops, former, newer):
    page = let_answer(ops, newer, percent="20")

    assert shares() == {former.number: 0.8, newer.number: 0.2}
    assert "20%" in page


@pytest.mark.parametrize("percent", ["0", "101", "-5", "many", ""])
def test_a_share_that_is_none_is_refused(ops, former, newer, percent):
    page = let_answer(ops, newer, percent=percent)

    assert shares() == {former.number: 1}
    assert "share is" in page


def test_a_refused_version_answers_only_when_overruled(ops, former, newer):
    newer.comparison = {"verdict": "worse", "reason": "Recall fell."}
    newer.save()

    page = let_answer(ops, newer)
    before = shares()
    let_answer(ops, newer, force="1")

    assert "was refused after its training" in page
    assert (before, shares()) == ({former.number: 1}, {newer.number: 1})


def test_a_damaged_version_does_not_answer(ops, former, newer):
    newer.sha256 = "0" * 64
    newer.save()

    let_answer(ops, newer)

    assert shares() == {former.number: 1}


def test_no_training_is_begun_beside_another(ops, former):
    with psycopg.connect(**address_of(connection.settings_dict)) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [AdvisoryLock.TRAINING])

        page = ops.post(reverse("admin:recommender_modelversion_train"), follow=True).content.decode()

    assert "Another training is under way" in page


def test_a_training_without_orders_says_what_to_do(ops, empty_house):
    page = ops.post(reverse("admin:recommender_modelversion_train"), follow=True).content.decode()

    assert "There are no orders." in page
