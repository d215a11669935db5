"""Probes for whoever runs the service."""

from recommender.models import ModelVersion


def test_the_process_is_alive_without_a_key(client):
    assert client.get("/healthz").json() == {"success": True, "status": "alive"}


def test_ready_means_that_a_model_can_answer(client, wholesale_house, db):
    assert client.get("/readyz").status_code == 200

    ModelVersion.objects.update(status=ModelVersion.Status.RETIRED)

    assert client.get("/readyz").status_code == 503
    assert "train_recommender" in client.get("/readyz").json()["error"]
