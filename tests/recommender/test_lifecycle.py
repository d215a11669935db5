"""Model versions: compared before they answer, promoted back and forward, tested two at once."""

import shutil
from collections import Counter
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.urls import reverse

from activities.models import Activity
from recommender import comparison, promotion, registry
from recommender.ab_test import answering
from recommender.engine import artifact
from recommender.errors import PromotionError
from recommender.loading.merge import merge_clients, merge_orders
from recommender.models import ModelVersion, Order
from recommender.promotion import promote_unless_worse
from recommender.requests import SuggestionRequest
from recommender.suggestions import suggest
from recommender.training import train_version
from tests.service import API
from tests.wholesale import LAST_DAY, load_wholesale_house

pytestmark = pytest.mark.django_db
MADE_UP_CLIENTS = [f"client-{number}" for number in range(5000)]
TWO_MONTHS_EARLIER = LAST_DAY - timedelta(days=60)
FIRST = "2.1.0"  # the version that the wholesale house comes with


def command(name, *arguments, **options) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def answering_version(client="cafe-03", **wishes) -> str:
    [result] = suggest([SuggestionRequest(client=client, purpose="recommendation", now=LAST_DAY, **wishes)])
    return result.model_version.version


def clients_of(version: str) -> set[str]:
    active = registry.active_versions()
    return {client for client in MADE_UP_CLIENTS if answering(active, client).version == version}


def copy_of(version: ModelVersion, **fields) -> ModelVersion:
    """Another version with the same model, retired unless it is said otherwise."""
    values = {"status": "retired", "traffic_share": 0, "number": version.number + 1} | fields
    copied = ModelVersion.objects.get(pk=version.pk)
    copied.pk = None
    for name, value in values.items():
        setattr(copied, name, value)
    copied.save()
    return copied


def flip_a_byte(version: ModelVersion) -> None:
    file = max(Path(storages["models"].path(version.artifact)).iterdir(), key=lambda path: path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def leave_no_folder(version: ModelVersion) -> None:
    """As where its files may not be read: the operating system refuses."""
    folder = Path(storages["models"].path(version.artifact))
    shutil.rmtree(folder)
    folder.touch()


@pytest.fixture
def earlier_answers(wholesale_house) -> ModelVersion:
    """The active version has not seen the last two months."""
    version = train_version(TWO_MONTHS_EARLIER)
    registry.promote(version)
    return version


@pytest.fixture
def spoiled(earlier_answers) -> ModelVersion:
    """A candidate that learned while the orders were wrong: a fad of the week, bought by all and never again."""
    merge_orders(
        [
            {"external_id": order.external_id, "client": order.client.external_id, "ordered_at": order.ordered_at,
             "lines": [{"product": f"fad-{order.ordered_at:%W}-{n}", "quantity": 1} for n in range(4)]}
            for order in Order.objects.select_related("client")
        ],
        source="test",
    )  # fmt: skip
    version = train_version(LAST_DAY)
    load_wholesale_house()
    return version


def test_a_new_version_that_is_no_worse_answers_and_keeps_the_figures(earlier_answers):
    said = command("train_recommender", until=LAST_DAY)

    version = ModelVersion.objects.active().get()
    assert version.data_until > earlier_answers.data_until
    assert version.comparison["verdict"] == "not worse"
    assert version.comparison["against"] == earlier_answers.version
    assert version.comparison["clients"] == 40
    assert version.comparison["reason"] in said
    assert answering_version() == version.version


@pytest.mark.parametrize(
    ("share", "active", "says"),
    [(0.5, {FIRST, "2.2.0"}, "were being tested against each other"), (1, {"2.3.0"}, "0 clients ordered between")],
    ids=["a test of two versions", "the former version"],
)
def test_what_ops_promote_while_a_version_is_compared_counts(earlier_answers, monkeypatch, share, active, says):
    compare = promotion.compare

    def compare_while_ops_promote(candidate, present, seed):
        if present == earlier_answers:
            command("promote_model", FIRST, share=share)
        return compare(candidate, present, seed)

    monkeypatch.setattr(promotion, "compare", compare_while_ops_promote)

    promote_unless_worse(candidate := train_version(LAST_DAY))

    assert {version.version for version in registry.active_versions()} == active
    assert says in candidate.comparison["reason"]


def test_a_version_that_learned_from_spoiled_orders_stays_a_candidate(earlier_answers, spoiled):
    with pytest.raises(PromotionError, match=r"stays a candidate. Recall@10 [\d.]+ against [\d.]+ of .*: worse"):
        promote_unless_worse(spoiled)

    stored = ModelVersion.objects.get(pk=spoiled.pk)
    assert (stored.status, stored.comparison["verdict"]) == ("candidate", "worse")
    assert stored.comparison["difference"]["high"] < 0
    assert answering_version() == earlier_answers.version


def test_a_refused_version_answers_only_if_someone_insists(earlier_answers, spoiled):
    with pytest.raises(PromotionError):
        promote_unless_worse(spoiled)
    assert answering_version(parameters={"asOf": LAST_DAY.isoformat()}) == earlier_answers.version

    with pytest.raises(CommandError, match=r"worse\. --force lets it answer"):
        command("promote_model", spoiled.version)

    assert "answers now" in command("promote_model", spoiled.version, force=True)
    assert answering_version() == spoiled.version


def test_a_version_of_older_data_is_refused_unless_forced(wholesale_house):
    with pytest.raises(CommandError, match=r"stays a candidate. Its data ends on .* before that of 2\.1\.0"):
        command("train_recommender", until=TWO_MONTHS_EARLIER)
    assert answering_version() == FIRST

    assert "is active" in command("train_recommender", until=TWO_MONTHS_EARLIER, force=True)
    assert answering_version() == "2.3.0"


def test_a_version_under_a_new_name_takes_the_place_of_the_one_that_answers(wholesale_house):
    ModelVersion.objects.update(name="sales-recommender-v1")

    promote_unless_worse(train_version(LAST_DAY))

    assert [str(version) for version in registry.active_versions()] == ["sales-recommender-v2 2.1.0"]


def test_with_too_few_clients_to_judge_by_the_new_version_answers_and_says_so(wholesale_house):
    command("train_recommender", until=LAST_DAY - timedelta(days=2), force=True)

    said = command("train_recommender", until=LAST_DAY)

    assert "8 clients ordered between" in said
    assert "is active" in said


def test_where_the_active_version_is_damaged_the_new_one_answers(earlier_answers):
    flip_a_byte(earlier_answers)

    said = command("train_recommender", until=LAST_DAY)

    assert "is damaged" in said
    assert "is active" in said


def order_cups(quantity, clients, moment):
    lines = [{"product": "cups", "quantity": quantity}]
    orders = [{"external_id": f"of-{c}", "client": c, "ordered_at": moment, "lines": lines} for c in clients]
    merge_orders(orders, source="test")


@pytest.fixture
def new_bars(wholesale_house) -> dict[str, ModelVersion]:
    """A candidate knows two days more than the active version, and in them the first orders of 25 bars.

    All came at the very moment when the active version's data end, and hold cups alone, which bars do not buy.
    """
    active = ModelVersion.objects.active().get()
    candidate = copy_of(active, status="candidate", data_until=active.data_until + timedelta(days=2))
    merge_clients([{"external_id": f"new-bar-{number}", "segment": "bar"} for number in range(25)])
    order_cups(6, [f"new-bar-{number}" for number in range(25)], active.data_until)
    return {"candidate": candidate, "active": active}


def test_versions_are_judged_by_orders_from_the_very_end_of_the_active_ones_data_on(new_bars):
    compared = comparison.compare(**new_bars)

    assert (compared.get("clients"), compared.get("orders")) == (25, 25)


def test_what_an_order_holds_is_not_known_to_the_versions_that_are_asked_for_it(new_bars):
    assert comparison.compare(**new_bars)["recall@10"] == {"candidate": 0, "active": 0}


def test_who_only_returned_something_takes_no_place_among_the_clients_judged_by(new_bars, monkeypatch):
    monkeypatch.setattr(comparison, "MOST_CLIENTS", 25)

    order_cups(-6, [f"returning-{number}" for number in range(100)], new_bars["active"].data_until)

    assert comparison.compare(**new_bars).get("clients") == 25


def test_the_first_version_answers_without_a_comparison(wholesale_house):
    ModelVersion.objects.update(status="retired", traffic_share=0)

    assert "No version was active." in command("train_recommender", until=LAST_DAY)
    assert answering_version() == "2.2.0"


def test_ops_goes_back_and_forward_between_versions(wholesale_house):
    assert "2.2.0 is candidate" in command("train_recommender", until=LAST_DAY, no_promote=True)
    assert answering_version() == FIRST

    assert command("promote_model", "2.2.0") == "sales-recommender-v2 2.2.0 answers now.\n"
    assert answering_version() == "2.2.0"

    command("promote_model", FIRST)
    assert answering_version() == FIRST
    assert [line.split()[:3] for line in command("promote_model").splitlines()[1:]] == [
        ["2.2.0", "retired", "0"],
        ["2.1.0", "active", "1"],
    ]


def test_after_going_back_a_request_as_of_now_goes_back_too(wholesale_house):
    command("train_recommender", until=LAST_DAY)
    command("promote_model", FIRST)

    assert answering_version(parameters={"asOf": LAST_DAY.isoformat()}) == FIRST


def test_as_of_the_very_end_of_a_versions_data_that_version_answers(wholesale_house):
    active = ModelVersion.objects.active().get()
    copy_of(active)
    earlier = copy_of(active, number=3, data_until=TWO_MONTHS_EARLIER)

    assert answering_version(parameters={"asOf": active.data_until.isoformat()}) == FIRST
    assert answering_version(parameters={"asOf": TWO_MONTHS_EARLIER.isoformat()}) == earlier.version


def test_as_of_an_earlier_moment_a_version_found_worse_steps_in_only_after_someone_insisted(wholesale_house):
    active = ModelVersion.objects.active().get()
    worse = copy_of(active, status="candidate", data_until=TWO_MONTHS_EARLIER, comparison={"verdict": "worse"})
    then = {"parameters": {"asOf": TWO_MONTHS_EARLIER.isoformat()}}
    assert answering_version(**then) == FIRST

    assert answering_version(model_version=worse.version, **then) == worse.version
    command("promote_model", worse.version, force=True)
    command("promote_model", FIRST)
    assert answering_version(**then) == worse.version


def test_a_fifth_of_the_clients_gets_the_other_version_and_each_stays_on_its_side(wholesale_house):
    train_version(LAST_DAY)
    said = command("promote_model", "2.2.0", share=0.2)
    assert said == "Of the clients: sales-recommender-v2 2.2.0 answers 0.2; sales-recommender-v2 2.1.0 answers 0.8.\n"

    active = registry.active_versions()
    sides = [answering(active, client).version for client in MADE_UP_CLIENTS]

    assert Counter(sides)["2.2.0"] == pytest.approx(1000, abs=120)
    assert [answering(active[::-1], client).version for client in MADE_UP_CLIENTS] == sides
    assert [answering_version(client) for client in MADE_UP_CLIENTS[:30]] == sides[:30]


def test_a_share_that_grows_takes_no_client_back_and_another_test_deals_anew(wholesale_house):
    train_version(LAST_DAY)
    train_version(LAST_DAY)

    command("promote_model", "2.2.0", share=0.2)
    fifth = clients_of("2.2.0")
    command("promote_model", "2.2.0", share=0.5)
    half = clients_of("2.2.0")
    command("promote_model", FIRST)
    command("promote_model", "2.3.0", share=0.2)
    others = clients_of("2.3.0")

    assert fifth < half
    assert len(fifth & others) == pytest.approx(200, abs=60)


def test_a_test_of_two_versions_goes_on_through_trainings_until_one_is_promoted(wholesale_house):
    train_version(LAST_DAY)
    command("promote_model", "2.2.0", share=0.2)

    assert "2.3.0 is candidate" in command("train_recommender", until=LAST_DAY)
    assert {row.version: row.traffic_share for row in registry.active_versions()} == {"2.2.0": 0.2, "2.1.0": 0.8}

    command("promote_model", "2.2.0")
    assert {row.version: row.traffic_share for row in registry.active_versions()} == {"2.2.0": 1}


@pytest.mark.parametrize(
    ("version", "share", "reason"),
    [
        ("2.9.0", 1, r"There is no version 2.9.0. There are: 2.4.0, 2.3.0, 2.2.0, 2.1.0\."),
        ("newest", 1, "There is no version newest"),
        ("2.3.0", 0, "above 0 and at most 1, not 0"),
        ("2.3.0", 1.5, "not 1.5"),
        ("2.3.0", -0.2, "not -0.2"),
        ("2.3.0", 0.9999999, "not 0.9999999; 6 decimals count"),
        ("2.4.0", 1, "is failed and cannot answer. The disk was full."),
        ("2.3.0", 0.2, "2.2.0 and .* 2.1.0 are being tested already"),
    ],
)
def test_what_cannot_be_promoted_is_refused_with_the_reason(wholesale_house, version, share, reason):
    train_version(LAST_DAY)
    train_version(LAST_DAY)
    ModelVersion.objects.create(
        name="sales-recommender-v2", number=4, status="failed", failure="The disk was full.", artifact=""
    )
    command("promote_model", "2.2.0", share=0.5)

    with pytest.raises(CommandError, match=reason):
        command("promote_model", version, share=share)

    assert {row.version: row.traffic_share for row in registry.active_versions()} == {"2.2.0": 0.5, "2.1.0": 0.5}


def test_the_only_active_version_cannot_share(wholesale_house):
    with pytest.raises(CommandError, match="No version is active beside"):
        command("promote_model", FIRST, share=0.5)


def test_a_damaged_version_cannot_be_promoted(wholesale_house):
    flip_a_byte(train_version(LAST_DAY))

    with pytest.raises(CommandError, match="is damaged"):
        command("promote_model", "2.2.0")

    assert answering_version() == FIRST


@pytest.fixture
def of_another_program(monkeypatch):
    """A version of the last day, trained by a program whose models have another format."""

    def trained(until):
        with monkeypatch.context() as patch:
            patch.setattr(artifact, "FORMAT", artifact.FORMAT - 1)
            return train_version(until)

    return trained


def test_a_version_of_another_format_cannot_be_promoted(wholesale_house, of_another_program):
    of_another_program(LAST_DAY)

    with pytest.raises(CommandError, match=r"has format \d+, not \d+\. Train again"):
        command("promote_model", "2.2.0")

    assert answering_version() == FIRST


@pytest.mark.parametrize("damage", [flip_a_byte, leave_no_folder, None])
def test_what_cannot_be_read_and_does_not_answer_leaves_answering_to_others(
    tool, wholesale_house, of_another_program, damage
):
    earlier = LAST_DAY - timedelta(days=3)
    if damage:
        damage(train_version(earlier))
    else:
        of_another_program(earlier)
    registry.promote(train_version(LAST_DAY))
    tool.file(client="cafe-03", aiModel={"version": "2.2.0"})
    tool.file(client="cafe-05", aiModel={"parameters": {"asOf": earlier.isoformat()}})
    tool.file(client="cafe-06")

    command("regenerate_activities")

    used = {activity.client: activity.ai_model for activity in Activity.objects.filter(status="completed")}
    assert {client: model["version"] for client, model in used.items()} == dict.fromkeys(
        ("cafe-03", "cafe-05", "cafe-06"), "2.3.0"
    )
    assert used["cafe-03"]["requested"] == {"version": "2.2.0"}


def test_a_version_whose_files_cannot_be_read_is_told_of_in_the_admin(admin_client, wholesale_house):
    leave_no_folder(version := train_version(LAST_DAY))
    promote = reverse("admin:recommender_modelversion_promote", args=[version.pk])

    page = admin_client.post(promote, {"percent": "100", "force": "on"}, follow=True).content.decode()

    assert f"The model in {version.artifact} cannot be read" in page
    assert answering_version() == FIRST


@pytest.mark.parametrize("damage", [flip_a_byte, leave_no_folder])
def test_while_the_active_version_is_damaged_nothing_is_made_up(tool, client, wholesale_house, damage):
    registry.promote(version := train_version(LAST_DAY))
    damage(version)
    activity = tool.file()

    answer = tool.generate(activity["_id"])
    ready = client.get("/readyz")

    assert (answer.status_code, answer.body["code"]) == (503, "model_damaged")
    assert (ready.status_code, version.artifact in ready.json()["error"]) == (503, True)
    assert tool.get(f"{API}/{activity['_id']}").body["data"] == activity
    command("promote_model", FIRST)
    assert tool.generate(activity["_id"]).status_code == 200
    assert client.get("/readyz").status_code == 200


def test_the_admin_says_in_words_how_a_version_compared(admin_client, earlier_answers):
    command("train_recommender", until=LAST_DAY)
    version = ModelVersion.objects.active().get()

    page = admin_client.get(reverse("admin:recommender_modelversion_change", args=[version.pk])).content.decode()

    assert "100% of clients" in page
    assert version.comparison["reason"] in page
