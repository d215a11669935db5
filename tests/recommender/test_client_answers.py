"""What reps answered to suggestions, as something that the next purchase is foretold from."""

from datetime import timedelta

import numpy as np
import pytest

from recommender.engine.client_answers import ClientAnswers
from recommender.models import OrderLine, SuggestedLine
from recommender.requests import FormerOutcome, FormerOutcomes, SuggestionRequest
from recommender.suggestions import suggest_with
from recommender.training import train_version
from tests.wholesale import EXTRAS, LAST_DAY


def since(answers, client, product, now):
    accepted, rejected = answers.days_since(np.array([client]), np.array([product]), np.array([float(now)]))
    return accepted[0], rejected[0]


@pytest.fixture
def answers():
    """Of client 1: product 3 rejected on day 10 and accepted on day 20; product 4 accepted on day 30."""
    return ClientAnswers.sorted(
        np.array([1, 1, 1]), np.array([4, 3, 3]), np.array([30.0, 20.0, 10.0]), np.array([True, True, False])
    )


def test_the_last_answer_before_a_moment_counts_and_a_later_one_is_not_known(answers):
    assert since(answers, 1, 3, 15) == (pytest.approx(np.nan, nan_ok=True), 5)
    assert since(answers, 1, 3, 25) == (5, pytest.approx(np.nan, nan_ok=True))
    assert np.isnan(since(answers, 1, 4, 29.9)).all()


def test_an_answer_is_forgotten_after_90_days_and_never_speaks_of_another_client_or_product(answers):
    assert since(answers, 1, 4, 119)[0] == 89
    assert np.isnan(since(answers, 1, 4, 120)).all()
    assert np.isnan(since(answers, 0, 4, 40)).all()
    assert np.isnan(since(answers, 1, 5, 40)).all()


def test_a_client_that_is_asked_about_twice_has_its_answers_twice(answers):
    twice = answers.of(np.array([1, 0, 1]))

    assert since(twice, 0, 4, 40)[0] == since(twice, 2, 4, 40)[0] == 10
    assert np.isnan(since(twice, 1, 4, 40)).all()


@pytest.fixture
def answers_that_come_true(wholesale_house):
    """Every week reps ask each client about all extras of its segment: what it then orders was accepted."""
    ordered = set(
        OrderLine.objects.values_list("order__client__external_id", "product__external_id", "order__ordered_at")
    )
    visits = {(client, moment) for client, _, moment in ordered}
    SuggestedLine.objects.bulk_create(
        SuggestedLine(
            activity=f"{client}-{moment:%j}", client=client, rep="rep-1", product=product, rank=1, confidence=0.3,
            quantity=1, suggested_at=moment - timedelta(days=2), outcome_at=moment - timedelta(days=1),
            outcome="accepted" if (client, product, moment) in ordered else "rejected",
        )
        for client, moment in sorted(visits)
        for product in EXTRAS[client.split("-")[0]]
    )  # fmt: skip


def confidence(version, client, product, outcomes):
    request = SuggestionRequest(
        client=client,
        purpose="recommendation",
        now=LAST_DAY,
        outcomes=FormerOutcomes(outcomes),
        parameters={"limit": 100},
    )
    lines = suggest_with(version, [request])[0].recommendations
    return next(line["confidence"] for line in lines if line["product"] == product)


@pytest.mark.django_db
def test_a_model_that_saw_accepted_products_ordered_is_surer_of_one_that_was_just_accepted(answers_that_come_true):
    version = train_version(LAST_DAY)
    just = LAST_DAY - timedelta(hours=1)

    # tea is the favourite of cafe-00 and cafe-04
    unanswered = confidence(version, "cafe-00", "tea", {})
    accepted = confidence(version, "cafe-00", "tea", {"tea": FormerOutcome(True, just)})

    assert accepted > unanswered + 0.2
    assert accepted > 0.7


@pytest.mark.django_db
def test_a_model_that_never_saw_an_answer_keeps_its_confidence_whatever_is_answered(wholesale_house):
    version = train_version(LAST_DAY)
    just = LAST_DAY - timedelta(hours=1)

    assert confidence(version, "cafe-00", "tea", {}) == confidence(
        version, "cafe-00", "tea", {"tea": FormerOutcome(True, just)}
    )
