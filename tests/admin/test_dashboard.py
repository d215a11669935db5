"""The dashboard says what is, and leads to it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from activities.kept_uptake import KEPT_FOR, renew, uptake
from activities.models import Activity, KeptUptake
from activities.uptake import Uptake, reckon_uptake
from recommender import ab_results
from recommender.models import Client, ModelVersion, Order, Product, SuggestedLine
from recommender.registry import promote
from salesai.charts import lines
from tests.admin.numbers_on_page import Numbers
from tests.admin.people import ops_user
from tests.wholesale import AS_OF_LAST_DAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house")]


@pytest.fixture
def answered(tool):
    """Two of three lines accepted, of which one is ordered two days later."""
    activity = tool.generated(client="cafe-03", rep="rep-7", aiModel=AS_OF_LAST_DAY)
    accepted, also, rejected = [line["product"] for line in activity["recommendations"][:3]]
    feedback = {"acceptedRecommendations": [accepted, also], "rejectedRecommendations": [rejected], "userRating": 4}
    tool.patch(activity["_id"], {"feedback": feedback})
    order = {"order": "A-1", "client": "cafe-03", "date": (timezone.now() + timedelta(days=2)).isoformat()}
    tool.post({"items": [order | {"items": [{"product": accepted, "quantity": 2}]}]}, "/orders")
    return activity


def test_uptake_counts_answers_by_type_rep_and_version(answered):
    taken_up = reckon_uptake()

    for each in (taken_up.total, taken_up.by_type["recommendation"], taken_up.by_rep["rep-7"]):
        assert (each.answered, each.accepted, each.converted) == (3, 2, 1)
    assert taken_up.total.acceptance == pytest.approx(2 / 3)
    assert taken_up.total.conversion == pytest.approx(1 / 2)
    assert sum(each.answered for each in taken_up.by_week.values()) == 3
    assert [each.answered for each in taken_up.by_version.values()] == [3]


def test_what_is_ordered_too_late_too_early_or_after_a_rejection_does_not_count(answered, tool):
    accepted, also, rejected = [line["product"] for line in answered["recommendations"][:3]]
    SuggestedLine.objects.filter(product=accepted).update(outcome_at=timezone.now() - timedelta(days=29))
    order = {"client": "cafe-03", "items": [{"product": rejected, "quantity": 2}, {"product": also, "quantity": -2}]}
    late = {"client": "cafe-03", "items": [{"product": also, "quantity": 2}]}
    days = {"B-1": (order, 2), "B-2": (late, 31), "B-3": (late, -2)}
    tool.post({"items": [
        each | {"order": name, "date": (timezone.now() + timedelta(days=after)).isoformat()}
        for name, (each, after) in days.items()
    ]}, "/orders")  # fmt: skip

    assert reckon_uptake().total.converted == 0


def test_answers_to_what_was_never_suggested_do_not_count(answered, tool):
    tool.patch(answered["_id"], {"feedback": {"acceptedRecommendations": ["something-else"]}})

    assert reckon_uptake().total.answered == 0


def test_answers_count_from_the_monday_eleven_weeks_ago_on(answered):
    monday = reckon_uptake().since
    accepted, also, rejected = SuggestedLine.objects.answered().order_by("rank")
    moments = {accepted: monday, also: monday - timedelta(seconds=1), rejected: timezone.now()}
    for line, moment in moments.items():
        SuggestedLine.objects.filter(pk=line.pk).update(outcome_at=moment)

    taken_up = reckon_uptake()

    assert (taken_up.total.answered, taken_up.total.accepted) == (2, 1)
    assert [each.answered for each in taken_up.by_week.values()] == [1, *[0] * 10, 1]


def test_money_is_told_as_it_was_suggested(answered):
    lines = answered["recommendations"]
    amount = [line["quantity"] * line["price"] for line in lines]

    taken_up = reckon_uptake()

    assert taken_up.suggested_money == pytest.approx(sum(amount))
    assert taken_up.total.accepted_money == pytest.approx(sum(amount[:2]))
    assert taken_up.total.ordered_money == pytest.approx(amount[0])


def test_what_was_accepted_is_part_of_what_was_suggested_also_when_it_has_been_replaced(answered, tool):
    accepted = reckon_uptake().total.accepted_money
    tool.patch(answered["_id"], {"inputData": {"clientPreferences": {"maxItems": 1}}})
    tool.generate(answered["_id"])

    taken_up = reckon_uptake()

    assert taken_up.total.accepted_money == accepted
    assert taken_up.suggested_money >= accepted


@pytest.fixture
def numbers(ops, answered, tool):
    """Of a house with a list that waits, and answers to lists of two types."""
    tool.file(client="cafe-04")
    other = tool.generated(client="cafe-06", rep="rep-8", activityType="order-analysis", aiModel=AS_OF_LAST_DAY)
    tool.generate(answered["_id"])
    tool.patch(other["_id"], {"feedback": {"acceptedRecommendations": [other["recommendations"][0]["product"]]}})
    return Numbers.of(ops.get(reverse("admin:index")).content.decode())


def test_every_count_is_that_of_the_rows_it_leads_to(ops, numbers):
    counts = numbers.counts()

    listed = [(link, ops.get(link).context["cl"].result_count) for link, _ in counts]

    assert listed == counts
    assert len(counts) > 15
    assert {count for _, count in counts} >= {1, 2, 3, 4}


def test_every_amount_is_that_of_the_rows_it_leads_to(ops, numbers):
    amounts = numbers.moneys()

    listed = [(link, amount_of(ops.get(link).context["cl"].queryset)) for link, _ in amounts]

    assert listed == [(link, pytest.approx(amount, abs=0.01)) for link, amount in amounts]
    assert len({amount for _, amount in amounts}) == 3


def amount_of(lines):
    return sum(float(line.quantity * line.price) for line in lines)


def test_every_link_opens_and_no_number_is_without(ops, numbers):
    assert {ops.get(link).status_code for link, _ in numbers.links} == {200}
    assert numbers.loose == []


@pytest.mark.parametrize(("model", "named", "count"), [(Client, "cafe-03", 3), (Product, None, 1)])
def test_what_was_answered_of_a_client_or_product_leads_to_just_that(ops, answered, tool, model, named, count):
    shown = model.objects.get(external_id=named or answered["recommendations"][0]["product"])
    tool.patch(answered["_id"], {"feedback": answered_also(answered, "never-suggested")})
    name = model._meta.model_name

    page = ops.get(reverse(f"admin:recommender_{name}_change", args=[shown.pk]))

    assert page.context["figures"]["answered"] == count
    assert ops.get(page.context["answered_link"]).context["cl"].result_count == count


def answered_also(activity, product):
    feedback = Activity.objects.get(pk=activity["_id"]).feedback
    return feedback | {"acceptedRecommendations": [*feedback["acceptedRecommendations"], product]}


def test_a_line_leads_to_its_activity_client_and_product_while_they_are_there(ops, answered, tool):
    line = SuggestedLine.objects.filter(outcome="accepted").order_by("rank").first()
    page = reverse("admin:recommender_suggestedline_change", args=[line.pk])
    product, client = Product.objects.get(external_id=line.product), Client.objects.get(external_id="cafe-03")

    before = ops.get(page).content.decode()
    tool.delete(answered["_id"])
    after = ops.get(page).content.decode()

    activity = f'href="{reverse("admin:activities_activity_change", args=[answered["_id"]])}"'
    assert f'href="{reverse("admin:recommender_product_change", args=[product.pk])}">{line.product}</a>' in before
    assert f'href="{reverse("admin:recommender_client_change", args=[client.pk])}">cafe-03</a>' in before
    assert (activity in before, activity in after, answered["_id"] in after) == (True, False, True)
    ordered = Order.objects.get(external_id="A-1").ordered_at
    assert f"{ordered:%Y-%m-%d %H:%M}" in before
    assert "+00:00" not in before


def test_lines_of_deleted_activities_are_counted_and_found(ops, numbers, answered, tool):
    tool.delete(answered["_id"])
    KeptUptake.objects.all().delete()

    numbers = Numbers.of(ops.get(reverse("admin:index")).content.decode())

    [deleted] = {link for link, count in numbers.counts() if "type=deleted" in link and count == 3}
    assert ops.get(deleted).context["cl"].result_count == 3


def test_figures_are_kept_and_old_ones_are_reckoned_anew_by_one(ops, answered, tool):
    first = uptake()
    tool.patch(answered["_id"], {"feedback": {}})

    kept = uptake()
    renew()
    still_young = uptake()
    KeptUptake.objects.update(at=timezone.now() - KEPT_FOR - timedelta(seconds=1))
    renew()

    assert (first, first.total.answered) == (kept, 3)
    assert still_young == first
    assert (uptake().total.answered, uptake().at > first.at) == (0, True)
    assert KeptUptake.objects.get().ordered_lines == []


def test_old_figures_are_shown_at_once_with_their_time(ops, answered):
    reckoned = uptake().at - timedelta(days=2)
    KeptUptake.objects.update(at=reckoned, figures=replace(uptake(), at=reckoned).to_json())

    page = ops.get(reverse("admin:index")).content.decode()

    assert f"Reckoned on {reckoned:%Y-%m-%d} at {reckoned:%H:%M} UTC, and being reckoned anew" in page


def test_the_reliability_of_each_version_is_drawn_with_its_table(ops, answered):
    version = ModelVersion.objects.active().get()

    page = ops.get(reverse("admin:index")).content.decode()
    own_page = ops.get(reverse("admin:recommender_modelversion_change", args=[version.pk])).content.decode()

    promised = [f'<td class="ops-right">{each["promised"]:.0%}</td>' for each in version.reliability]
    assert len(promised) > 3
    assert [cell for cell in promised if cell not in page or cell not in own_page] == []
    assert own_page.count("<circle") == len(version.reliability)


def test_a_version_from_before_reliability_was_kept_says_so(ops, wholesale_house):
    version = ModelVersion.objects.active().get()
    version.metrics = version.scores
    version.save()

    page = ops.get(reverse("admin:recommender_modelversion_change", args=[version.pk])).content.decode()

    assert "Not on record" in page


@pytest.fixture
def tested(answered, tool):
    """(older, newer): each made one list today that was answered; one is active for months, the other for a day."""
    older = ModelVersion.objects.active().get()
    newer = ModelVersion.objects.get(pk=older.pk)
    newer.pk, newer.number = None, older.number + 1
    newer.save()
    promote(newer, 0.5)
    today = timezone.now()
    ModelVersion.objects.filter(pk=older.pk).update(activated_at=today - timedelta(days=100))
    ModelVersion.objects.filter(pk=newer.pk).update(activated_at=today - timedelta(days=1))
    SuggestedLine.objects.filter(activity=answered["_id"]).update(model_version=older)
    other = tool.generated(client="cafe-05", aiModel=AS_OF_LAST_DAY)
    tool.patch(other["_id"], {"feedback": {"acceptedRecommendations": [other["recommendations"][0]["product"]]}})
    SuggestedLine.objects.filter(activity=other["_id"]).update(model_version=newer)
    return older, newer


def test_the_reps_answered_most_are_told_to_be_only_those(ops, answered, tool):
    few = ops.get(reverse("admin:index")).content.decode()
    uptake_of_reps = {f"rep-{n}": Uptake(answered=n) for n in range(11)}
    KeptUptake.objects.update(figures=replace(uptake(), by_rep=uptake_of_reps).to_json())

    many = ops.get(reverse("admin:index")).content.decode()

    assert "<h2>By rep</h2>" in few
    assert "<h2>By rep, the 10 most answered</h2>" in many


def test_an_ab_test_is_compared_by_clients_with_its_interval(ops, tested):
    comparison = ops.get(reverse("admin:index")).context["comparison"]

    assert [side["version"] for side in comparison["sides"]] == [*tested]
    assert [side["clients"] for side in comparison["sides"]] == [1, 1]
    assert [side["acceptance"].value for side in comparison["sides"]] == [pytest.approx(2 / 3), 1]
    assert [ops.get(side["link"].answered).context["cl"].result_count for side in comparison["sides"]] == [3, 1]
    difference = comparison["difference"]
    assert difference.value == pytest.approx(1 / 3)
    assert difference.low <= difference.value <= difference.high
    assert "33%, of too few clients to tell." in ops.get(reverse("admin:index")).content.decode()


def test_an_ab_test_says_how_many_clients_it_looks_at(ops, tested, monkeypatch):
    as_it_is = ops.get(reverse("admin:index")).content.decode()
    monkeypatch.setattr(ab_results, "MOST_CLIENTS", 1)

    sides = ops.get(reverse("admin:index")).context["comparison"]["sides"]

    assert "so are those of clients beyond the first 4,000, by id, with answers." in as_it_is
    assert [side["clients"] for side in sides] == [1, 0]


def test_what_the_older_version_suggested_before_the_test_began_does_not_count_in_it(ops, tested, tool):
    before = tool.generated(client="cafe-07", aiModel=AS_OF_LAST_DAY)
    tool.patch(before["_id"], {"feedback": {"rejectedRecommendations": [before["recommendations"][0]["product"]]}})
    last_week = timezone.now() - timedelta(days=7)
    SuggestedLine.objects.filter(activity=before["_id"]).update(model_version=tested[0], suggested_at=last_week)

    older, _ = ops.get(reverse("admin:index")).context["comparison"]["sides"]

    assert (older["clients"], older["acceptance"].value) == (1, pytest.approx(2 / 3))


def test_a_version_that_was_asked_for_by_name_does_not_count_on_its_side_of_the_test(ops, tested, tool):
    _, newer = tested
    asked = tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY | {"version": newer.version})
    assert asked["aiModel"]["version"] == newer.version
    tool.patch(asked["_id"], {"feedback": {"rejectedRecommendations": [asked["recommendations"][0]["product"]]}})

    page = ops.get(reverse("admin:index"))

    sides = page.context["comparison"]["sides"]
    assert [side["clients"] for side in sides] == [1, 1]
    assert [side["acceptance"].value for side in sides] == [pytest.approx(2 / 3), 1]
    assert [ops.get(side["link"].answered).context["cl"].result_count for side in sides] == [3, 2]
    assert "asked for by name are in the lists behind these figures and not in the figures" in page.content.decode()


def test_an_empty_house_has_a_dashboard_too(client, empty_house):
    client.force_login(ops_user())

    page = client.get(reverse("admin:index"))

    assert "None trained yet." in page.content.decode()


def test_a_week_of_which_nothing_is_known_breaks_the_line():
    drawn = lines("Acceptance", ["1", "2", "3", "4", "5"], {"all": [0.5, 0.6, None, 0.4, 0.3]}, percent=True)

    stretches = re.findall(r'<polyline [^>]*points="([^"]+)"', drawn)
    assert [len(stretch.split()) for stretch in stretches] == [2, 2]
