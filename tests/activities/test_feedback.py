"""What a rep answers stays with the suggestion, and counts from the next list on."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activities.generation import requests_for
from activities.models import Activity
from recommender import registry
from recommender.models import SuggestedLine
from recommender.training import train_version
from tests.activities.suggested import lines_of, products
from tests.service import API
from tests.wholesale import AS_OF_LAST_DAY, LAST_DAY

pytestmark = pytest.mark.usefixtures("wholesale_house")


def outcomes(activity, **conditions):
    return dict(lines_of(activity).filter(**conditions).order_by("rank").values_list("product", "outcome"))


@pytest.fixture
def answer(tool):
    """Reports what was accepted and rejected of an activity."""

    def answered(activity, accepted=(), rejected=()):
        feedback = {"acceptedRecommendations": list(accepted), "rejectedRecommendations": list(rejected)}
        response = tool.patch(activity["_id"], {"feedback": feedback})
        assert response.status_code == 200, response.body
        return response.body["data"]

    return answered


@pytest.fixture
def list_for(tool):
    """The products of a new list."""

    def listed(client="cafe-03", purpose="recommendation", **fields):
        return products(tool.generated(client=client, activityType=purpose, **{"aiModel": AS_OF_LAST_DAY} | fields))

    return listed


def aged(days):
    """All answers so far were given that long before LAST_DAY."""
    SuggestedLine.objects.answered().update(outcome_at=LAST_DAY - timedelta(days=days))


def test_each_line_is_written_as_it_was_suggested_and_outlives_its_activity(tool):
    activity = tool.generated(client="cafe-03", rep="rep-7", aiModel=AS_OF_LAST_DAY)

    tool.delete(activity["_id"])

    lines = list(lines_of(activity).order_by("rank"))
    assert [
        {"product": line.product, "quantity": line.quantity, "price": float(line.price), "confidence": line.confidence}
        for line in lines
    ] == [
        {name: line[name] for name in ("product", "quantity", "price", "confidence")}
        for line in activity["recommendations"]
    ]
    assert {(line.client, line.rep, line.outcome, line.model_version.version) for line in lines} == {
        ("cafe-03", "rep-7", "open", activity["aiModel"]["version"])
    }
    assert [line.rank for line in lines] == list(range(1, len(lines) + 1))


def test_feedback_answers_the_lines_and_a_change_of_it_changes_the_answers(tool, answer):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    first, second, third = products(activity)[:3]

    answer(activity, accepted=[first, second], rejected=[second, third])
    said = outcomes(activity, outcome_at__isnull=False)
    answer(activity, accepted=[third])
    changed = outcomes(activity, outcome_at__isnull=False)
    tool.patch(activity["_id"], {"feedback": None})

    assert said == {first: "accepted", second: "rejected", third: "rejected"}
    assert changed == {third: "accepted"}
    assert set(outcomes(activity).values()) == {"open"}


def test_an_answer_that_stays_as_it_was_keeps_its_time(tool, answer):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    first, second = products(activity)[:2]
    answer(activity, accepted=[first])
    given = lines_of(activity).answered().get().outcome_at

    answer(activity, accepted=[first], rejected=[second])

    assert lines_of(activity).get(product=first).outcome_at == given
    assert lines_of(activity).get(product=second).outcome_at > given


@pytest.mark.parametrize("purpose", Activity.Type.values)
def test_a_rejected_product_is_gone_from_the_clients_next_list_of_every_type(tool, answer, list_for, purpose):
    shown, others = list_for(purpose=purpose), list_for("cafe-07", purpose)
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)

    answer(activity, rejected=[shown[0]])

    assert shown[0] not in list_for(purpose=purpose)
    assert list_for("cafe-07", purpose) == others


def test_a_rejected_product_is_gone_when_its_own_activity_is_generated_again(tool, answer):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    answer(activity, rejected=["coffee"])
    aged(200)

    tool.generate(activity["_id"])

    again = tool.get(f"{API}/{activity['_id']}").body["data"]
    assert "coffee" in products(activity)
    assert "coffee" not in products(again)


def test_a_rejected_product_is_no_opportunity_either(tool, answer):
    before = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    answer(before, rejected=["beer"])

    after = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)

    assert "Beer" in " ".join(before["insights"]["opportunities"])
    assert "Beer" not in " ".join(after["insights"]["opportunities"])


def test_an_answer_is_of_the_client_and_rep_that_the_activity_has_then(tool, list_for):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    shown, others = list_for(), list_for("bar-01")
    feedback = {"rejectedRecommendations": [shown[0], others[0]]}

    tool.patch(activity["_id"], {"client": "bar-01", "rep": "rep-9", "feedback": feedback})

    assert list_for() == shown
    assert others[0] not in list_for("bar-01")
    assert set(lines_of(activity).answered().values_list("client", "rep")) == {("bar-01", "rep-9")}


def test_answers_go_with_an_activity_whose_client_is_put_right(tool, answer, list_for):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    rejected = products(activity)[0]
    answer(activity, rejected=[rejected, "elsewhere"])

    tool.patch(activity["_id"], {"client": "cafe-04"})

    assert rejected in list_for("cafe-03")
    assert rejected not in list_for("cafe-04")
    answered = SuggestedLine.objects.answered().filter(activity=activity["_id"])
    assert {(line.client, line.product) for line in answered} == {("cafe-04", rejected), ("cafe-04", "elsewhere")}


def test_an_activity_that_comes_back_to_its_client_has_its_answers_there(tool, answer, list_for):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    rejected = products(activity)[0]
    answer(activity, rejected=[rejected])
    tool.patch(activity["_id"], {"client": "cafe-04"})
    tool.patch(activity["_id"], {"client": "cafe-03"})

    answer(activity, rejected=[rejected])

    assert rejected not in list_for("cafe-03")
    assert outcomes(activity, client="cafe-03")[rejected] == "rejected"
    assert not lines_of(activity).filter(client="cafe-04").exists()


def test_an_answer_to_what_was_shown_to_another_rep_is_of_the_one_who_gives_it(tool, answer):
    activity = tool.generated(client="cafe-03", rep="rep-1", aiModel=AS_OF_LAST_DAY)
    tool.patch(activity["_id"], {"rep": "rep-2"})

    answer(activity, accepted=products(activity)[:1])

    assert lines_of(activity).answered().get().rep == "rep-2"


def test_who_does_not_want_a_product_in_a_list_does_not_want_it_though_more_of_it_was_suggested_before(tool, list_for):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    SuggestedLine.objects.filter(activity=activity["_id"]).update(larger_volume=True, superseded=True)

    tool.patch(activity["_id"], {"feedback": {"rejectedRecommendations": ["coffee"]}})

    assert "coffee" not in list_for()


def test_a_rejection_that_is_taken_back_was_none(tool, answer, list_for):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    answer(activity, rejected=["coffee"])
    answer(activity)

    assert list_for() == products(activity)


def test_what_was_rejected_without_having_been_suggested_is_held_back_too(tool, list_for):
    tool.file(client="cafe-03", feedback={"rejectedRecommendations": ["coffee"]})

    assert "coffee" not in list_for()


@pytest.mark.parametrize(("days", "back"), [(0, False), (29, False), (89, True), (91, True)])
def test_a_rejected_product_comes_back_after_a_month(tool, answer, list_for, days, back):
    answer(tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY), rejected=["coffee"])

    aged(days)

    assert ("coffee" in list_for()) == back


def test_it_comes_back_low_on_the_list_and_only_after_90_days_to_its_place(tool, answer, list_for):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    first = products(activity)[0]
    answer(activity, rejected=[first])

    aged(36)
    returning = list_for()
    aged(91)
    returned = list_for()

    assert returning.index(first) > 1
    assert returned == products(activity)


def test_the_last_answer_counts(tool, answer, list_for):
    earlier, later = (tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY) for _ in range(2))
    answer(earlier, rejected=["coffee"])
    answer(later, accepted=["coffee"])

    assert "coffee" in list_for()


def test_of_two_answers_at_the_same_moment_the_rejection_counts(tool, answer, list_for):
    one, other = (tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY) for _ in range(2))
    answer(one, rejected=["coffee"])
    answer(other, accepted=["coffee"])

    aged(1)

    assert "coffee" not in list_for()


def test_an_accepted_product_moves_up_at_that_client_with_the_confidence_it_had(tool, answer):
    before = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    low = before["recommendations"][2]

    answer(before, accepted=[low["product"]])

    after = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    assert products(after).index(low["product"]) < products(before).index(low["product"])
    [line] = [line for line in after["recommendations"] if line["product"] == low["product"]]
    assert line["confidence"] == low["confidence"]


def test_a_list_that_is_short_for_rejections_says_how_many(tool, answer):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    answer(activity, rejected=["coffee", "milk"])

    short = tool.generated(client="cafe-03", aiModel={"parameters": AS_OF_LAST_DAY["parameters"] | {"limit": 100}})

    assert "2 rejected by the client and held back" in short["insights"]["riskFactors"][-1]


def test_generating_again_leaves_answers_on_the_lines_they_were_given_to_and_counts_them_once(tool, answer):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    accepted, rejected = products(activity)[:2]
    answer(activity, accepted=[accepted], rejected=[rejected])
    given = dict(lines_of(activity).answered().values_list("product", "outcome_at"))

    tool.generate(activity["_id"])

    former, shown = outcomes(activity, superseded=True), outcomes(activity, superseded=False)
    assert list(former) == products(activity)
    assert (former[accepted], former[rejected]) == ("accepted", "rejected")
    assert shown[accepted] == "open"
    assert rejected not in shown
    assert dict(lines_of(activity).answered().values_list("product", "outcome_at")) == given
    answer(activity)
    assert set(outcomes(activity).values()) == {"open"}


def test_generating_again_changes_no_figure_of_what_was_answered_and_ordered(tool, answer):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    accepted = products(activity)[:3]
    answer(activity, accepted=accepted, rejected=[products(activity)[4]])
    three_days_ago = timezone.now() - timedelta(days=3)
    SuggestedLine.objects.update(suggested_at=three_days_ago)
    SuggestedLine.objects.answered().update(outcome_at=three_days_ago)
    lines = [{"product": product, "quantity": 1} for product in accepted]
    ordered = {"order": "since", "client": "cafe-03", "date": (three_days_ago + timedelta(days=1)).isoformat()}
    assert tool.post({"items": [ordered | {"items": lines}]}, path="/orders").status_code == 200
    answered = SuggestedLine.objects.answered()
    figures, versions = SuggestedLine.objects.figures(), list(answered.values_list("model_version"))

    registry.promote(train_version(LAST_DAY))
    tool.generate(activity["_id"])

    assert (figures["answered"], figures["accepted"], figures["converted"]) == (4, 3, 3)
    assert SuggestedLine.objects.figures() == figures
    assert list(answered.values_list("model_version")) == versions


def test_an_answer_that_changes_after_the_list_was_made_anew_is_given_to_the_new_line(tool, answer):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    first, second = products(activity)[:2]
    answer(activity, accepted=[first, second])
    tool.generate(activity["_id"])

    answer(activity, accepted=[first], rejected=[second])

    former, shown = outcomes(activity, superseded=True), outcomes(activity, superseded=False)
    assert (former[first], former[second]) == ("accepted", "open")
    assert (shown[first], shown[second]) == ("open", "rejected")


def lines_read() -> int:
    """How many suggested lines PostgreSQL has read for this test's transaction so far."""
    counts = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = %s"
    with connection.cursor() as cursor:
        cursor.execute(counts, [SuggestedLine._meta.db_table])
        return cursor.fetchone()[0]


def test_generating_again_reads_the_lines_that_are_shown_and_not_those_of_all_nights_before(tool):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    shown = list(lines_of(activity))
    for night in range(1, 366):
        for line in shown:
            line.pk, line.superseded, line.suggested_at = None, True, LAST_DAY - timedelta(days=night)
        SuggestedLine.objects.bulk_create(shown)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {SuggestedLine._meta.db_table}")
    before = lines_read()

    tool.generate(activity["_id"])

    assert len(shown) <= lines_read() - before <= 2 * len(shown)


def test_a_change_of_the_inputs_leaves_the_lines_as_history(tool):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)

    tool.patch(activity["_id"], {"client": "cafe-04"})

    assert set(lines_of(activity).values_list("client", "superseded")) == {("cafe-03", True)}


def test_the_database_keeps_two_answers_to_one_line_out(tool, answer):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    answer(activity, accepted=["coffee"])
    second = lines_of(activity).answered().get()
    second.pk = None

    with pytest.raises(IntegrityError, match="line_answered_once"):
        second.save()


def push(tool, **fields):
    order = {"order": "A-1", "client": "cafe-03", "items": [{"product": "coffee", "quantity": 2}]}
    assert tool.post({"items": [order | fields]}, "/orders").status_code == 200


def at(**distance):
    return (timezone.now() + timedelta(**distance)).isoformat()


def test_acceptance_counts_answered_suggestions_alone(tool, answer):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)

    answer(activity, accepted=["coffee", "milk", "never suggested"], rejected=["sugar"])

    figures = lines_of(activity).figures()
    assert (figures["answered"], figures["accepted"], figures["acceptance"]) == (3, 2, pytest.approx(2 / 3))
    assert (figures["converted"], figures["conversion"]) == (0, 0)


@pytest.mark.parametrize(("distance", "converted"), [({"days": -1}, 0), ({"days": 29}, 1), ({"days": 31}, 0)])
def test_an_accepted_product_is_converted_when_it_is_ordered_within_30_days(tool, answer, distance, converted):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    answer(activity, accepted=["coffee"], rejected=["milk"])

    push(tool, date=at(**distance), items=[{"product": name, "quantity": 2} for name in ("coffee", "milk")])

    assert lines_of(activity).figures()["converted"] == converted


def test_an_order_that_bears_only_the_day_of_the_suggestion_converts(tool, answer):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    answer(activity, accepted=["coffee"])
    midnight = lines_of(activity).answered().get().suggested_at.replace(hour=0, minute=0, second=0, microsecond=0)

    push(tool, date=midnight.isoformat())

    assert lines_of(activity).figures()["converted"] == 1


def test_a_return_converts_nothing(tool, answer):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    answer(activity, accepted=["coffee"])

    push(tool, date=at(days=2), items=[{"product": "coffee", "quantity": -2}])

    assert lines_of(activity).figures()["converted"] == 0


def test_a_conversion_goes_with_its_order(tool, answer):
    activity = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)
    answer(activity, accepted=["coffee"])
    push(tool, date=at(days=2))
    ordered = lines_of(activity).figures()["converted"]

    push(tool, date=at(days=2), items=[])

    assert (ordered, lines_of(activity).figures()["converted"]) == (1, 0)


def test_the_answers_of_many_clients_are_read_in_one_query(tool, answer):
    for client in ("cafe-01", "cafe-02", "cafe-03"):
        answer(tool.generated(client=client, aiModel=AS_OF_LAST_DAY), rejected=["coffee"])
    activities = list(Activity.objects.all())

    with CaptureQueriesContext(
        connection,
    ) as queries:
        requests = requests_for(activities)

    assert len(queries) == 1
    assert [list(request.outcomes.products) for request in requests] == [["coffee"]] * 3
