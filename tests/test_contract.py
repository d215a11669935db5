"""The service is what its contract says."""

import pytest
from django.urls import get_resolver

from activities import contract
from activities.models import Activity
from activities.urls import urlpatterns
from tests.wholesale import AS_OF_LAST_DAY


def test_the_routes_are_the_contracts_paths():
    routes = {
        "/"
        + str(pattern.pattern).removeprefix("^").removesuffix("$").removesuffix(r"\Z").replace("(?P<pk>[^/]+)", "{id}")
        for pattern in urlpatterns
    }

    assert routes == set(contract.document()["paths"])
    assert get_resolver().resolve("/orders").func.cls.__name__ == "OrdersView"


@pytest.mark.parametrize("client", ["cafe-03", "nobody"])
@pytest.mark.parametrize("purpose", Activity.Type)
def test_a_generated_activity_keeps_to_the_contracts_schema(tool, wholesale_house, purpose, client):
    activity = tool.generated(client=client, activityType=purpose, aiModel=AS_OF_LAST_DAY)

    faults = list(contract.validator("#/components/schemas/Activity").iter_errors(activity))

    assert faults == []
    assert activity["aiModel"]["name"] == "sales-recommender-v2"
    assert activity["insights"].keys() == {"buyingPatterns", "seasonality", "riskFactors", "opportunities"}


def test_the_contract_is_served_as_it_is_to_anyone(client):
    answer = client.get("/openapi.json")

    assert answer.json() == contract.document()


def test_the_docs_render_it_from_own_files_alone(client):
    page = client.get("/docs")
    script = client.get("/docs?script=")

    assert page.status_code == 200
    assert "//" not in page.content.decode().replace("http://testserver", "").replace("<!--", "")
    assert "/openapi.json" in script.content.decode()


def test_prometheus_reads_figures_with_any_key(keys, wholesale_house):
    keys.full.generated()

    answer = keys.read_only.http.get("/metrics")

    text = answer.content.decode()
    assert answer["Content-Type"].startswith("text/plain")
    assert 'salesai_generations_total{outcome="completed",type="recommendation"}' in text
    assert 'salesai_model_traffic_share{name="sales-recommender-v2",version="2.1.0"} 1.0' in text
    assert keys.none.get("/metrics").status_code == 401
