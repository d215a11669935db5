"""Models kept in an S3 bucket: published there, copied by each machine, and copied anew where a copy is damaged."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from pathlib import Path
from unittest.mock import Mock

import boto3
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import F
from environ import Env
from moto import mock_aws

from activities.models import Activity, KeptAnswer
from recommender import artifacts, registry
from recommender.models import ModelVersion
from recommender.requests import SuggestionRequest
from recommender.suggestions import suggest
from recommender.training import train_version
from salesai.environment import model_storage
from tests.wholesale import LAST_DAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def machine(settings, tmp_path):
    """Goes over to the machine of that name, which has seen no model yet, or comes back to it."""

    def changed(name) -> Path:
        settings.DATA_DIR = tmp_path / name
        settings.DATA_DIR.mkdir(exist_ok=True)
        artifacts.load.cache_clear()
        return settings.DATA_DIR

    return changed


@pytest.fixture
def bucket(wholesale_house, settings, machine, monkeypatch):
    """Where models are kept, empty as yet."""
    monkeypatch.setenv("MODELS_URL", "s3://sales/models/wholesale")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        machine("first")
        settings.STORAGES = settings.STORAGES | {"models": model_storage(Env(), "MODELS_URL", settings.DATA_DIR)}
        yield boto3.resource("s3").create_bucket(Bucket="sales")
    artifacts.load.cache_clear()


@pytest.fixture
def promoted(bucket) -> ModelVersion:
    registry.promote(version := train_version(LAST_DAY))
    return version


def suggestions():
    [result] = suggest([SuggestionRequest(client="cafe-03", purpose="recommendation", now=LAST_DAY)])
    return result.model_version.version, result.recommendations


def copies(folder: Path) -> set[str]:
    return {path.name for path in (folder / "model-cache").iterdir()}


def test_a_model_in_a_bucket_answers_the_same_on_every_machine(promoted, bucket, machine):
    here = suggestions()

    machine("second")

    assert suggestions() == here
    assert here[0] == promoted.version
    assert {Path(each.key).parent.as_posix() for each in bucket.objects.all()} == {
        f"models/wholesale/{promoted.artifact}"
    }


def test_a_damaged_copy_is_made_anew(promoted, machine):
    whole = suggestions()
    copy = machine("first") / "model-cache" / promoted.artifact
    largest = max(copy.iterdir(), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-1])

    assert suggestions() == whole


def test_processes_that_find_the_same_damaged_copy_at_once_have_it_made_anew_once(promoted, machine):
    copy = machine("first") / "model-cache" / promoted.artifact
    suggestions()
    (copy / "model.json").unlink()

    def verified(_) -> Path:
        connections[DEFAULT_DB_ALIAS] = here  # the others would not see the test's model
        return artifacts.verify(promoted.artifact, promoted.sha256)

    here = connections[DEFAULT_DB_ALIAS]
    here.inc_thread_sharing()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(verified, range(8)))
    here.dec_thread_sharing()

    assert found == {copy}


def test_what_a_killed_process_had_fetched_of_a_model_goes_with_the_next_fetch(promoted, machine, monkeypatch):
    folder = machine("second")
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "copyfileobj", Mock(side_effect=KeyboardInterrupt))
        killed.setattr(shutil, "rmtree", Mock())
        with pytest.raises(KeyboardInterrupt):
            suggestions()

    suggestions()

    assert {path.name for path in folder.iterdir()} == {"model-cache"}
    assert copies(folder) == {promoted.artifact}


def test_a_machine_keeps_no_copy_of_a_model_whose_files_were_removed(promoted, bucket, machine):
    registry.promote(later := train_version(LAST_DAY))
    before = copies(machine("first"))

    registry.remove_files(ModelVersion.objects.get(pk=promoted.pk))
    registry.promote(latest := train_version(LAST_DAY))

    assert before == {promoted.artifact, later.artifact}
    assert copies(machine("first")) == {later.artifact, latest.artifact}
    assert not any(promoted.artifact in each.key for each in bucket.objects.all())


def test_while_the_bucket_is_out_of_reach_nothing_is_made_up_and_nothing_changed(promoted, bucket, machine, tool):
    activity = tool.file(client="cafe-03")["_id"]
    machine("second")
    kept = {each.key: each.get()["Body"].read() for each in bucket.objects.all()}
    bucket.objects.delete()
    bucket.delete()

    away = tool.generate(activity)
    waiting = Activity.objects.get(pk=activity).status
    bucket.create()
    for key, content in kept.items():
        bucket.put_object(Key=key, Body=content)

    assert (away.status_code, away.body["code"], waiting) == (503, "model_damaged", "processing")
    assert tool.generate(activity).status_code == 200


def test_a_training_whose_model_cannot_be_written_to_the_bucket_says_so(bucket):
    bucket.delete()

    with pytest.raises(CommandError, match=r"cannot be written to .*bucket does not exist"):
        call_command("train_recommender", until=LAST_DAY, stdout=StringIO(), stderr=StringIO())
    failed = ModelVersion.objects.latest("number")
    bucket.create()
    bucket.put_object(Key=f"models/wholesale/{failed.artifact}/half.npy", Body=b"")
    train_version(LAST_DAY)

    assert failed.status == "failed"
    assert not list(bucket.objects.filter(Prefix=f"models/wholesale/{failed.artifact}"))


def test_a_clean_up_that_cannot_remove_files_does_the_rest_and_says_so_and_the_next_one_does(promoted, bucket, tool):
    registry.promote(train_version(LAST_DAY))
    tool.post({"client": "cafe-03", "rep": "rep-0", "activityType": "upsell"}, idempotency_key="k")
    KeptAnswer.objects.update(created_at=F("created_at") - timedelta(hours=25))
    session = SessionStore()
    session.set_expiry(-1)
    session.create()
    kept = {each.key: each.get()["Body"].read() for each in bucket.objects.all()}
    bucket.objects.delete()
    bucket.delete()

    with pytest.raises(CommandError, match=rf"The files in {promoted.artifact} cannot be removed: .*does not exist"):
        call_command("clean_up", versions=1, stdout=StringIO())
    left = KeptAnswer.objects.count(), Session.objects.count()
    bucket.create()
    for key, content in kept.items():
        bucket.put_object(Key=key, Body=content)
    call_command("clean_up", versions=1, stdout=StringIO())

    assert left == (0, 0)
    assert not any(promoted.artifact in each.key for each in bucket.objects.all())
