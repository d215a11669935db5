"""Probes for whoever runs the service."""

from django.db import connection

from recommender.models import ModelVersion


def test_the_process_is_alive_without_a_key(client):
    assert client.get("/healthz").json() == {"success": True, "status": "alive"}


def test_a_probe_may_call_the_server_by_any_name_and_nobody_else_may(client, tool):
    assert client.get("/healthz", headers={"host": "10.1.2.3:8000"}).status_code == 200

    answer = tool.get(host="10.1.2.3:8000")

    assert (answer.status_code, answer.body["code"]) == (400, "bad_request")


def test_ready_means_that_a_model_can_answer(client, wholesale_house, db):
    assert client.get("/readyz").status_code == 200

    ModelVersion.objects.update(status=ModelVersion.Status.RETIRED)

    assert client.get("/readyz").status_code == 503
    assert "train_recommender" in client.get("/readyz").json()["error"]


def test_a_database_that_refuses_is_not_called_out_of_reach(client, db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE pg_read_all_stats")  # which may read none of our tables

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["error"] == "The database cannot answer; the log has the cause."
