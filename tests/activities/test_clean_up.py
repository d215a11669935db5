"""What grows every night goes after a while, and nothing else."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone
from procrastinate.contrib.django import app

from activities import housekeeping
from activities.models import KeptAnswer, RegenerationChunk, RegenerationRun
from activities.runs import start_run
from activities.selection import Selection
from recommender import registry
from recommender.models import ModelVersion, SuggestedLine
from recommender.training import train_version
from tests.activities.suggested import lines_of
from tests.service import API
from tests.wholesale import LAST_DAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house")]


def clean_up(out=None, **options) -> str:
    out = out or StringIO()
    call_command("clean_up", stdout=out, **options)
    return out.getvalue()


def shown(tool, activity):
    return tool.get(f"{API}/{activity['_id']}").body["data"]


def time_passes(days):
    SuggestedLine.objects.update(suggested_at=F("suggested_at") - timedelta(days=days))


def test_suggestions_that_were_replaced_and_never_answered_go_after_ninety_days(tool, monkeypatch):
    monkeypatch.setattr(housekeeping, "LINES_A_STEP", 2)
    activity = tool.generated(client="cafe-03")
    answered = activity["recommendations"][0]["product"]
    tool.patch(activity["_id"], {"feedback": {"rejectedRecommendations": [answered]}})
    time_passes(days=60)
    tool.generate(activity["_id"])
    time_passes(days=29)
    figures, kept = SuggestedLine.objects.figures(), lines_of(activity).count()

    clean_up()
    assert lines_of(activity).count() == kept
    time_passes(days=2)
    listed = set(lines_of(activity).filter(superseded=False))
    said = clean_up()

    left = set(lines_of(activity))
    assert listed < left
    assert [(line.product, line.outcome) for line in left - listed] == [(answered, "rejected")]
    assert f"{kept - len(left)} replaced suggestions" in said
    assert SuggestedLine.objects.figures() == figures


def test_lines_outlive_their_activity_as_long_as_others(tool):
    activity = tool.generated(client="cafe-03")
    tool.generate(activity["_id"])
    tool.delete(activity["_id"])
    superseded = lines_of(activity).filter(superseded=True).count()
    time_passes(days=91)

    said = clean_up()

    assert superseded
    assert f"{superseded} replaced suggestions" in said


def test_old_models_lose_their_files_but_stay_on_record_and_the_one_that_answers_keeps_its_own(tool, admin_client):
    """Version 2.1.0, the oldest, is the one that answers."""
    old, *newer = (train_version(LAST_DAY) for _ in range(3))
    made_by_old = tool.generated(client="cafe-03", aiModel={"version": old.version})

    said = clean_up(versions=2)

    active = ModelVersion.objects.active().get()
    old.refresh_from_db()
    assert "the files of 1 model versions" in said
    assert old.artifact == ""
    folders = set(storages["models"].listdir("")[0])
    assert {version.artifact for version in (active, *newer)} <= folders
    with pytest.raises(CommandError, match=r"files of .* 2\.2\.0 were removed"):
        call_command("promote_model", old.version)
    assert tool.generated(client="cafe-03", aiModel={"version": old.version})["aiModel"]["version"] == active.version
    assert shown(tool, made_by_old)["aiModel"]["version"] == old.version
    page = admin_client.get(f"/admin/activities/activity/?version={old.pk}").content.decode()
    assert made_by_old["_id"] in page


def test_a_model_whose_files_cannot_be_removed_is_told_and_keeps_no_other_from_being_removed(
    own_models_folder, tmp_path
):
    older, old, _ = (train_version(LAST_DAY) for _ in range(3))
    folder = own_models_folder / old.artifact
    folder.symlink_to(folder.rename(tmp_path / "another disk"))  # links are not followed
    said = StringIO()

    with pytest.raises(CommandError, match=f"The files in {old.artifact} cannot be removed"):
        clean_up(said, versions=1)

    older.refresh_from_db()
    old.refresh_from_db()
    assert (older.artifact, old.artifact) == ("", folder.name)
    assert "the files of 1 model versions" in said.getvalue()


def test_a_model_that_was_promoted_meanwhile_keeps_its_files():
    spare = train_version(LAST_DAY)
    train_version(LAST_DAY)
    assert list(registry.spare_versions(kept=1)) == [spare]
    registry.promote(ModelVersion.objects.get(pk=spare.pk))

    assert not registry.remove_files(spare)

    assert registry.load(ModelVersion.objects.get(pk=spare.pk))


def test_kept_answers_and_sessions_go_when_their_time_is_over(tool):
    for key in ("old", "new"):
        tool.post({"client": "c", "rep": "r", "activityType": "upsell"}, idempotency_key=key)
    KeptAnswer.objects.filter(key="old").update(created_at=timezone.now() - timedelta(hours=25))
    for age in (timedelta(hours=-1), timedelta(hours=1)):
        session = SessionStore()
        session.create()
        Session.objects.filter(pk=session.session_key).update(expire_date=timezone.now() + age)

    said = clean_up()

    assert "1 answers kept for repeated requests" in said
    assert list(KeptAnswer.objects.values_list("key", flat=True)) == ["new"]
    assert Session.objects.get().expire_date > timezone.now()


def ended_days_ago(run, days):
    RegenerationRun.objects.filter(pk=run.pk).update(
        status="completed", finished_at=timezone.now() - timedelta(days=days)
    )


def test_runs_go_with_their_parts_ninety_days_after_they_have_ended(tool):
    tool.file()
    old, new, under_way = (start_run(Selection(clients=[client])) for client in ("cafe-00", "cafe-01", "bar-00"))
    ended_days_ago(old, 91)
    ended_days_ago(new, 89)
    RegenerationRun.objects.filter(pk=under_way.pk).update(status="running", finished_at=None)
    RegenerationRun.objects.update(started_at=timezone.now() - timedelta(days=99))

    said = clean_up()

    assert "1 runs over many activities" in said
    assert set(RegenerationRun.objects.all()) == {new, under_way}
    assert not RegenerationChunk.objects.filter(run_id=old.pk).exists()


def test_a_run_stays_while_jobs_of_it_wait(tool):
    tool.file()
    run = start_run(Selection(), queued=True)
    ended_days_ago(run, 91)

    clean_up()
    assert run.chunks.exists()
    app.connector.get_sync_connector().execute_query("UPDATE procrastinate_jobs SET status = 'succeeded'")
    clean_up()

    assert not RegenerationRun.objects.exists()


def test_a_dry_run_says_what_would_go_and_changes_nothing(tool):
    activity = tool.generated(client="cafe-03")
    tool.generate(activity["_id"])
    train_version(LAST_DAY)
    train_version(LAST_DAY)
    tool.post({"client": "c", "rep": "r", "activityType": "upsell"}, idempotency_key="old")
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    SessionStore().create()
    Session.objects.update(expire_date=timezone.now() - timedelta(hours=1))
    time_passes(days=91)
    ended_days_ago(start_run(Selection()), 91)

    def stored():
        rows = [set(model.objects.all()) for model in (SuggestedLine, KeptAnswer, Session, RegenerationChunk)]
        return rows, set(ModelVersion.objects.values_list("artifact")), set(storages["models"].listdir("")[0])

    before = stored()

    said = clean_up(dry_run=True, versions=1)

    replaced = lines_of(activity).filter(superseded=True).count()
    assert said.startswith(
        f"Dry run: {replaced} replaced suggestions, 1 runs over many activities, the files of 1 model versions and 1 "
        "answers kept for repeated requests would go."
    )
    assert stored() == before


@pytest.mark.parametrize("days", ["0", "-1", "ninety", "1000000"])
def test_an_age_that_is_none_is_refused(days):
    with pytest.raises(CommandError, match="is not a whole number from 1 to 100,000"):
        call_command("clean_up", f"--days={days}")
