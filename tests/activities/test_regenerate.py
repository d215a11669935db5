"""Regenerating many activities at once gives what generating each of them gives, and loses none."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from activities import bulk_generation, runs
from activities.generation import generate
from activities.models import Activity, RegenerationChunk, RegenerationRun, ReviewItem
from activities.selection import Selection
from recommender.models import ModelVersion, Product, SuggestedLine
from tests.wholesale import AS_OF_LAST_DAY, LAST_DAY

pytestmark = pytest.mark.usefixtures("wholesale_house", "db")

RESULTS = ("status", "ai_model", "recommendations", "insights", "accuracy", "generated_order", "metadata", "feedback")
LINE = (
    "activity", "client", "product", "rep", "model_version", "rank", "confidence", "quantity", "price", "outcome",
    "outcome_at",
)  # fmt: skip


def file(client="cafe-01", activity_type="recommendation", **fields):
    wanted = {"client": client, "rep": "rep-1", "activity_type": activity_type, "requested_model": AS_OF_LAST_DAY}
    return Activity.objects.create(**wanted | fields)


def file_many(count=7):
    return [file(f"{('cafe', 'bar')[number % 2]}-{number:02}") for number in range(count)]


def results_of(ids):
    return list(Activity.objects.filter(pk__in=ids).order_by("pk").values(*RESULTS))


def lines_of(ids):
    shown = SuggestedLine.objects.filter(activity__in=ids, superseded=False)
    return list(shown.order_by("activity", "rank", "product").values(*LINE))


@pytest.fixture
def poisoned(monkeypatch):
    """An engine that cannot answer for some clients."""

    def poison(*clients):
        suggest = bulk_generation.suggest

        def choosy(requests):
            if {request.client for request in requests} & set(clients):
                raise ArithmeticError("poisoned")
            return suggest(requests)

        monkeypatch.setattr(bulk_generation, "suggest", choosy)

    return poison


def test_the_results_are_those_of_generating_one_by_one(tool):
    [*ids] = (
        tool.generated(client=client, activityType=kind, aiModel=AS_OF_LAST_DAY, **more)["_id"]
        for client in ("cafe-03", "bar-04", "unheard-of")
        for kind in Activity.Type.values
        for more in ({}, {"inputData": {"inventoryLevels": {"milk": 7}}, "metadata": {"failure": "of old", "visit": 3}})
    )
    first = Activity.objects.get(pk=ids[0]).recommendations
    tool.patch(ids[0], {"feedback": {"acceptedRecommendations": [first[0]["product"]]}})
    tool.patch(ids[1], {"feedback": {"rejectedRecommendations": [first[1]["product"]]}})
    for activity_id in ids:
        generate(activity_id)
    one_by_one, lines = results_of(ids), lines_of(ids)

    call_command("regenerate_activities")

    assert results_of(ids) == one_by_one
    assert lines_of(ids) == lines
    assert SuggestedLine.objects.filter(activity__in=ids, superseded=True).count() > len(lines)


def test_what_is_forgotten_alone_is_forgotten_beside_an_activity_of_long_ago(tool):
    oat_milk = Product.objects.create(external_id="oat-milk")
    Product.objects.filter(external_id="milk").update(active=False, replaced_by=oat_milk)
    answers = {"rejectedRecommendations": ["milk"], "acceptedRecommendations": ["oat-milk"]}
    tool.delete(tool.file(client="cafe-03", feedback=answers)["_id"])
    for product, days in (("milk", 10), ("oat-milk", 200)):
        SuggestedLine.objects.filter(product=product).update(outcome_at=LAST_DAY - timedelta(days=days))
    long_ago = {"parameters": {"asOf": (LAST_DAY - timedelta(days=200)).isoformat()}}
    activity, _ = file("cafe-03"), file("cafe-03", requested_model=long_ago)
    generate(activity.pk)
    alone = results_of([activity.pk])

    call_command("regenerate_activities")

    assert results_of([activity.pk]) == alone


def test_every_selected_activity_is_generated_once_and_the_summary_counts_them(capsys):
    ids = [activity.pk for activity in file_many(7)]
    cancelled = file(status=Activity.Status.CANCELLED)

    call_command("regenerate_activities", "--chunk", "2")

    assert "7 completed, 0 failed, 0 left out" in capsys.readouterr().out
    assert set(Activity.objects.filter(pk__in=ids).values_list("status", flat=True)) == {"completed"}
    moments = SuggestedLine.objects.values("activity", "suggested_at").distinct().count()
    assert moments == 7
    cancelled.refresh_from_db()
    assert (cancelled.status, cancelled.recommendations) == ("cancelled", [])


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        (["--status", "completed"], {"done"}),
        (["--status", "processing", "--status", "failed"], {"new", "failed"}),
        (["--type", "upsell"], {"new"}),
        (["--client", "bar-01"], {"failed"}),
        (["--rep", "rep-2"], set()),
        (["--older-than", "7d"], {"new", "failed"}),
        (["--older-than", "0h"], {"new", "failed", "done"}),
        (["--model-version", "2.1.0"], {"done"}),
        ([], {"new", "failed", "done"}),
    ],
)
def test_the_options_choose(options, chosen, capsys):
    active = ModelVersion.objects.active().get()
    ids = {
        "new": file(activity_type="upsell"),
        "failed": file("bar-01", status=Activity.Status.FAILED),
        "done": file(status=Activity.Status.COMPLETED, generated_at=timezone.now(), model_version=active),
        "cancelled": file(status=Activity.Status.CANCELLED),
    }
    before = {name: activity.updated_at for name, activity in ids.items()}

    call_command("regenerate_activities", *options, "--dry-run")
    assert f"{len(chosen)} activities would be generated" in capsys.readouterr().out
    assert not RegenerationRun.objects.exists()
    call_command("regenerate_activities", *options)

    after = {name: Activity.objects.get(pk=activity.pk).updated_at for name, activity in ids.items()}
    assert {name for name in ids if before[name] != after[name]} == chosen


@pytest.mark.parametrize(("option", "said"), [("--client", "client nope"), ("--rep", "rep nope")])
def test_who_is_neither_in_the_order_history_nor_of_any_activity_is_refused(option, said):
    file("walk-in", rep="new")
    call_command("regenerate_activities", "--client", "walk-in", "--rep", "new", "--dry-run")

    with pytest.raises(CommandError, match=f"There is no {said}. Nothing was generated."):
        call_command("regenerate_activities", option, "nope")


def test_an_activity_that_fails_takes_no_other_with_it_and_keeps_its_results(poisoned):
    activities = file_many(7)
    call_command("regenerate_activities")
    former = results_of([activities[3].pk])[0]
    poisoned("bar-03")

    with pytest.raises(CommandError, match="6 completed, 1 failed, 0 left out"):
        call_command("regenerate_activities")

    failed = results_of([activities[3].pk])[0]
    reason = {"failure": "ArithmeticError: poisoned"}
    assert failed == former | {"status": "failed", "metadata": reason}
    assert ReviewItem.objects.filter(activity=activities[3].pk, findings__has_key="failed").exists()
    assert Activity.objects.filter(status="completed").count() == 6


def test_a_run_that_was_left_is_gone_on_with_and_nothing_is_done_twice(capsys):
    file_many(7)
    run = runs.start_run(Selection(), chunk_size=2)
    runs.work_on_next(run)
    done = SuggestedLine.objects.values_list("pk", flat=True)
    assert run.figures()["completed"] == 2
    kept = set(done)

    with pytest.raises(CommandError, match=r"--resume.*--anew"):
        call_command("regenerate_activities")
    call_command("regenerate_activities", "--resume")

    assert "7 completed" in capsys.readouterr().out
    assert kept <= set(done.filter(superseded=False))
    assert SuggestedLine.objects.values("activity", "suggested_at").distinct().count() == 7


def test_an_activity_that_comes_to_meet_the_conditions_meanwhile_counts_with_the_others():
    first = file(), file(status=Activity.Status.COMPLETED), file()
    last = file(), file()
    run = runs.start_run(Selection(statuses=["processing"]), chunk_size=2)
    Activity.objects.filter(pk=first[1].pk).update(status=Activity.Status.PROCESSING)
    Activity.objects.filter(pk=last[0].pk).update(status=Activity.Status.CANCELLED)

    assert [runs.work_on_next(run), runs.work_on_next(run)] == [3, 2]

    assert run.figures() == {"completed": 4, "failed": 0, "waiting": 0, "left_out": 1}
    assert run.total == 5


@pytest.mark.parametrize("condition", [["--type", "upsell"], ["--older-than", "7d"], ["--chunk", "5"], ["--dry-run"]])
def test_a_run_that_is_gone_on_with_takes_no_other_conditions(condition):
    file()
    run = runs.start_run(Selection())

    with pytest.raises(CommandError, match=f"what the run was begun with: leave out {condition[0]}"):
        call_command("regenerate_activities", "--resume", *condition)

    assert run.figures()["waiting"] == 1


def test_beginning_anew_stops_the_run_that_was_left():
    file_many(3)
    left = runs.start_run(Selection(), chunk_size=2)

    call_command("regenerate_activities", "--anew")

    left.refresh_from_db()
    assert (left.status, left.reason) == ("stopped", "Another run took its place.")
    assert runs.work_on_next(left) is not None
    assert left.figures()["completed"] == 0


def test_a_run_that_the_workers_are_at_is_not_said_to_be_one_to_go_on_with():
    file()
    runs.start_run(Selection(), queued=True)

    with pytest.raises(CommandError, match=r"workers.*regeneration_status.*--anew") as refused:
        call_command("regenerate_activities")

    assert "--resume" not in str(refused.value)


def test_what_is_older_than_a_week_tonight_is_the_selection_that_it_was_last_night():
    file_many(2)
    last_night = runs.start_run(Selection(results_before=(timezone.now() - timedelta(days=8)).isoformat()))

    with pytest.raises(CommandError, match=f"{last_night} of the same selection has not ended"):
        call_command("regenerate_activities", "--older-than", "7d")
    call_command("regenerate_activities", "--older-than", "7d", "--anew")

    last_night.refresh_from_db()
    assert (last_night.status, last_night.reason) == ("stopped", "Another run took its place.")


def test_a_run_whose_first_chunks_fail_stops_itself_and_says_why(poisoned):
    activities = [file("cafe-01") for _ in range(30)]
    poisoned("cafe-01")

    with pytest.raises(CommandError, match=r"stopped.*6 of its first 6 chunks failed\. ArithmeticError: poisoned"):
        call_command("regenerate_activities", "--chunk", "2")

    assert Activity.objects.filter(status="failed").count() == 12
    assert Activity.objects.filter(status="processing").count() == len(activities) - 12


def test_the_reason_of_a_run_that_stopped_is_that_of_its_own_activities(poisoned):
    of_old = {"status": Activity.Status.FAILED, "metadata": {"failure": "ValueError: of another client"}}
    first, last = file(), [file("cafe-02", **of_old), file()][1]
    run = runs.queue_run_of([first.pk, last.pk])
    poisoned("cafe-01")

    runs.work_on_next(run)

    assert run.chunks.get().failure == "ArithmeticError: poisoned"


def test_a_chunk_that_comes_to_nothing_three_times_fails_with_the_reason():
    file_many(3)
    run = runs.start_run(Selection(), chunk_size=2)
    ModelVersion.objects.update(status=ModelVersion.Status.RETIRED)

    for _ in range(6):
        runs.work_on_next(run)

    run.refresh_from_db()
    assert (run.status, run.reason.split(":")[0]) == ("failed", "NoModelError")
    assert set(run.chunks.values_list("status", "tries")) == {(RegenerationChunk.Status.FAILED, 3)}
    assert Activity.objects.filter(status="processing").count() == 3


def test_without_a_model_no_run_begins():
    ModelVersion.objects.update(status=ModelVersion.Status.RETIRED)
    file()

    with pytest.raises(CommandError, match="No model has been trained"):
        call_command("regenerate_activities")

    assert not RegenerationRun.objects.exists()


def test_with_a_model_whose_files_are_damaged_no_run_begins_and_none_that_waits_is_stopped():
    file_many(3)
    run = runs.start_run(Selection())
    ModelVersion.objects.update(sha256="0" * 64)

    for options in ([], ["--resume"], ["--anew"]):
        with pytest.raises(CommandError, match="is damaged"):
            call_command("regenerate_activities", *options)

    assert list(RegenerationRun.objects.under_way()) == [run]
    assert set(run.chunks.values_list("status", "tries")) == {(RegenerationChunk.Status.WAITING, 0)}
