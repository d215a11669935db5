"""Training that the admin begins runs in a process of its own, one at a time."""

import pytest
from django.db import connection

from recommender.errors import TrainingEndedError, TrainingRunsError
from recommender.models import ModelVersion
from recommender.training_process import begin_training
from tests.service import PATIENCE_SECONDS, database_url
from tests.wholesale import load_wholesale_house


@pytest.fixture
def own_data(settings, monkeypatch, tmp_path):
    """The process finds the tests' database and a folder of its own."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setenv("SALESAI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", database_url(connection.settings_dict))
    return tmp_path


@pytest.mark.django_db(transaction=True)
def test_it_trains_a_version_that_answers(own_data):
    ModelVersion.objects.all().delete()
    load_wholesale_house()

    status = begin_training().wait(5 * PATIENCE_SECONDS)

    assert (status, ModelVersion.objects.get().status) == (0, "active"), (own_data / "training.log").read_text()
    assert "is active." in (own_data / "training.log").read_text()


@pytest.mark.django_db(transaction=True)
def test_who_asks_again_at_once_is_told_that_it_trains_already(own_data):
    load_wholesale_house()
    training = begin_training()

    with pytest.raises(TrainingRunsError, match="Another training is under way"):
        begin_training()

    assert training.wait(5 * PATIENCE_SECONDS) == 0


@pytest.mark.django_db
def test_a_training_that_ends_at_once_is_told(own_data, wholesale_house, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@localhost:1/nowhere")

    with pytest.raises(TrainingEndedError, match="ended at once"):
        begin_training()
