"""The service is what its contract says."""

from django.urls import get_resolver

from activities import contract
from activities.urls import urlpatterns
from tests.wholesale import LAST_DAY


def test_the_routes_are_the_contracts_paths():
    routes = {
        "/"
        + str(pattern.pattern).removeprefix("^").removesuffix("$").removesuffix(r"\Z").replace("(?P<pk>[^/]+)", "{id}")
        for pattern in urlpatterns
    }

    assert routes == set(contract.document()["paths"])
    assert get_resolver().resolve("/orders").func.cls.__name__ == "OrdersView"


def test_a_generated_activity_keeps_to_the_contracts_schema(tool, wholesale_house):
    as_of = {"parameters": {"asOf": LAST_DAY.isoformat()}}
    activity = tool.generated(activityType="demand-forecasting", aiModel=as_of)

    faults = list(contract.validator("#/components/schemas/Activity").iter_errors(activity))

    assert faults == []
