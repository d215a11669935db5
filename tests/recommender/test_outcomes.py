"""What is learned of reps' answers, and what it does to the order of lists."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from recommender import registry
from recommender.engine.outcomes import NOTHING_LEARNED, Answers, capped_weights, learn, standing
from recommender.models import SuggestedLine
from recommender.registry import promote
from recommender.requests import FormerOutcome, FormerOutcomes, SuggestionRequest
from recommender.suggestions import suggest
from recommender.training import train_version
from tests.wholesale import LAST_DAY

NEVER = np.full(1, np.nan)


def answers(welcome, *, clients=30, days=20, seed=1, segment="cafe", reps=5):
    """Each client is asked about every product once; `welcome` is the chance that it accepts, by product."""
    random = np.random.default_rng(seed)
    products = np.array(sorted(welcome))
    product = np.tile(products, clients)
    client = np.repeat(np.arange(clients), len(products))
    return Answers(
        client=np.char.add(f"{segment}-", client.astype(str)),
        segment=np.full(len(product), segment),
        rep=np.char.add("rep-", (client % reps).astype(str)),
        product=product,
        day=(client % days).astype(float),
        confidence=np.full(len(product), 0.3),
        accepted=random.random(len(product)) < np.array([welcome[each] for each in product.tolist()]),
    )


def together(*parts):
    names = ("client", "segment", "rep", "product", "day", "confidence", "accepted")
    return Answers(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def repeated(count, **fields):
    values = {"client": "c", "segment": "cafe", "rep": "loud", "product": "p0", "day": 1.0, "confidence": 0.3}
    return Answers(**{name: np.full(count, value) for name, value in (values | fields).items()})


MIXED = {f"p{number}": share for number, share in enumerate([0.1, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.9])}


def test_without_answers_nothing_is_learned_and_nothing_moves():
    nobody = repeated(0, accepted=True)
    probability = np.round(np.random.default_rng(0).random(1000), 4)
    nothing = np.full(1000, np.nan)

    learned = learn(nobody)
    stands = standing(probability, np.full(1000, learned.effect("cafe", "p1")), nothing, nothing)

    assert learned == NOTHING_LEARNED
    assert np.array_equal(stands.weight.round(9), probability)
    assert not stands.held_back.any()


def test_products_that_reps_like_more_than_their_confidence_says_move_up_and_others_down():
    learned = learn(answers(MIXED))

    effects = [learned.effect("cafe", product) for product in sorted(MIXED)]
    assert learned.spread["products"] > 0.5
    assert max(effects[:3]) < -0.5 < 0.5 < min(effects[-3:])
    assert learned.effect("cafe", "never suggested") == 0
    assert max(map(abs, effects)) <= 2


def test_however_sure_reps_are_a_product_moves_by_a_factor_of_7_on_its_odds_at_most():
    learned = learn(answers(dict.fromkeys(("p0", "p1"), 0.0) | dict.fromkeys(("p2", "p3"), 1.0), clients=300, reps=30))

    effects = np.array([learned.effect("cafe", product) for product in ("p0", "p3")])
    [down, up] = standing(np.full(2, 0.2), effects, np.full(2, np.nan), np.full(2, np.nan)).weight

    assert up / (1 - up) == pytest.approx(7 * 0.2 / 0.8, rel=0.1)
    assert down / (1 - down) == pytest.approx(0.2 / 0.8 / 7, rel=0.1)


def test_where_products_are_equally_welcome_chance_alone_moves_none():
    learned = learn(answers(dict.fromkeys(MIXED, 0.5)))

    assert learned.share == pytest.approx(0.5, abs=0.1)
    assert learned.effects == {}


@pytest.mark.parametrize("accepted", [True, False])
def test_where_all_answers_are_the_same_nothing_is_learned(accepted):
    assert learn(repeated(50, accepted=accepted)).effects == {}


def test_a_segment_can_like_what_others_reject():
    opposite = dict(zip(sorted(MIXED), sorted(MIXED.values(), reverse=True), strict=True))

    learned = learn(together(answers(MIXED), answers(opposite, segment="bar", seed=2)))

    assert learned.effect("cafe", "p7") > 0.5 > -0.5 > learned.effect("bar", "p7")
    assert abs(learned.effect("unheard of", "p7")) < 0.5


def test_a_product_that_lenient_clients_alone_were_asked_about_is_not_more_welcome():
    lenient = answers({f"p{number}": 0.9 for number in range(6)})
    strict = answers({f"p{number}": 0.1 for number in range(3)}, segment="bar", seed=2)

    learned = learn(together(lenient, strict))

    assert learned.spread["clients"] > 1
    assert abs(learned.effect("", "p5") - learned.effect("", "p0")) < 0.3


def test_a_thousand_rejections_by_one_rep_in_a_day_weigh_as_one():
    rest = answers(MIXED)

    flooded, once = (learn(together(rest, repeated(count, product="p7", accepted=False))) for count in (1000, 1))

    assert learn(rest).effect("cafe", "p7") > 1
    assert flooded.effect("cafe", "p7") == pytest.approx(once.effect("cafe", "p7"), abs=0.05)
    assert flooded.effect("cafe", "p0") == pytest.approx(once.effect("cafe", "p0"), abs=0.05)


def test_all_that_a_rep_says_on_a_day_weighs_as_twenty_answers():
    catalogue = np.array([f"x{number}" for number in range(1000)])
    flood = replace(repeated(1000, accepted=False), product=catalogue)

    weights = capped_weights(together(answers(MIXED, clients=5), flood))

    assert weights[:40].tolist() == [1] * 40
    assert weights[40:].sum() == pytest.approx(20)


@pytest.mark.parametrize(
    ("days", "held_back", "weight"), [(0, True, 0), (29.9, True, 0), (30, False, 0), (60, False, 0.2), (90, False, 0.4)]
)
def test_a_rejected_product_is_held_back_for_30_days_and_then_returns_slowly_until_the_90th(days, held_back, weight):
    stands = standing(np.array([0.4]), np.zeros(1), NEVER, np.array([float(days)]))

    assert stands.held_back.tolist() == [held_back]
    assert stands.weight.tolist() == pytest.approx([weight])


@pytest.mark.parametrize(("days", "weight"), [(0, 0.573), (45, 0.486), (90, 0.4), (400, 0.4)])
def test_an_accepted_product_counts_for_more_and_that_fades(days, weight):
    stands = standing(np.array([0.4]), np.zeros(1), np.array([float(days)]), NEVER)

    assert stands.weight.tolist() == pytest.approx([weight], abs=0.001)


@pytest.fixture
def reps_who_love_honey(wholesale_house):
    """Clients of many reps, asked in the ten days before LAST_DAY, took honey and nothing else."""
    SuggestedLine.objects.bulk_create(
        SuggestedLine(
            activity=f"{number:024}", client=f"cafe-{number:02}", rep=f"rep-{number}", product=product, rank=rank,
            confidence=0.3, quantity=1, suggested_at=day, outcome_at=day,
            outcome="accepted" if product == "honey" else "rejected",
        )
        for number in range(10)
        for rank, product in enumerate(["honey", "tea", "syrup", "cups", "coffee-gold"], 1)
        for day in [LAST_DAY - timedelta(days=1 + number)]
    )  # fmt: skip


def order_of(result):
    return [line["product"] for line in result.recommendations]


def confidences_of(result):
    return {line["product"]: line["confidence"] for line in result.recommendations}


def suggested(version=None, **wishes):
    request = SuggestionRequest(
        client="cafe-19", purpose="recommendation", now=LAST_DAY, model_version=version, **wishes
    )
    return suggest([request])[0]


@pytest.mark.django_db
def test_a_model_trained_after_the_answers_lists_what_reps_accept_higher_and_an_earlier_one_does_not(
    reps_who_love_honey,
):
    before = suggested()

    later = train_version(LAST_DAY)
    promote(later)

    after = suggested()
    assert order_of(after).index("honey") < order_of(before).index("honey")
    assert suggested("2.1.0").recommendations == before.recommendations
    both = confidences_of(before).items() & confidences_of(after).items()
    assert dict(both).keys() == confidences_of(before).keys() & confidences_of(after).keys() != set()
    assert later.row_counts["answers"] == 50


@pytest.mark.django_db
def test_answers_from_the_moment_of_training_on_change_nothing(reps_who_love_honey):
    SuggestedLine.objects.update(outcome_at=LAST_DAY)

    late = train_version(LAST_DAY)

    assert registry.load_acceptance(late) == NOTHING_LEARNED
    SuggestedLine.objects.all().delete()
    assert train_version(LAST_DAY).sha256 == late.sha256


@pytest.mark.django_db
def test_answers_to_what_was_never_suggested_and_to_more_at_once_teach_nothing(wholesale_house):
    day = LAST_DAY - timedelta(days=3)
    answer = {"activity": "a", "client": "cafe-01", "rep": "rep-1", "suggested_at": day, "outcome_at": day}
    more_at_once = {"rank": 1, "confidence": 0.3, "quantity": 30, "larger_volume": True}
    SuggestedLine.objects.create(**answer, product="tea", outcome="rejected")
    SuggestedLine.objects.create(**answer, product="milk", outcome="accepted", **more_at_once)

    assert train_version(LAST_DAY).row_counts["answers"] == 0


@pytest.mark.django_db
def test_with_answers_too_a_batch_and_single_calls_agree(reps_who_love_honey):
    promote(train_version(LAST_DAY))
    answered = {"coffee": FormerOutcome(False, LAST_DAY), "tea": FormerOutcome(True, LAST_DAY - timedelta(days=9))}
    requests = [
        SuggestionRequest(client=client, purpose="recommendation", now=LAST_DAY, outcomes=FormerOutcomes(outcomes))
        for client in ("cafe-01", "bar-02", "cafe-03", "nobody")
        for outcomes in (answered, {})
    ]

    batch = suggest(requests)

    assert [each.recommendations for each in batch] == [suggest([each])[0].recommendations for each in requests]
    assert "coffee" not in order_of(batch[0])


@pytest.mark.django_db
def test_an_answer_later_than_the_moment_asked_for_counts_as_given_then(wholesale_house):
    rejected = {"coffee": FormerOutcome(False, datetime(2026, 5, 1, tzinfo=UTC))}

    assert "coffee" not in order_of(suggested(outcomes=FormerOutcomes(rejected)))
