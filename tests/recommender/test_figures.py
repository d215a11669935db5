"""Every figure of every reason and insight stands in the tables: each is found again by SQL of its own."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from activities.models import Activity
from recommender.demo_history import generate, load
from recommender.loading.merge import merge_orders
from recommender.models import Client, ModelVersion, Order, Product, SalesRep
from recommender.registry import promote
from recommender.requests import SuggestionRequest
from recommender.suggestions import suggest
from recommender.training import train_version
from tests.recommender.recomputed import BASKETS, read, recomputed, rows
from tests.recommender.recomputed_insights import INSIGHTS, MONTHS, WEEKS
from tests.recommender.recomputed_reasons import REASONS

pytestmark = pytest.mark.django_db  # so that the module alone has a database too

END = datetime(2026, 3, 1, tzinfo=UTC)
AS_OF = datetime(2025, 12, 13, tzinfo=UTC)  # the morning after an order; those of ten weeks come later
CLIENTS = 50
SEGMENTS = """
    SELECT c.external_id, coalesce(nullif(c.segment, ''), chain.segment, '')
    FROM recommender_client c LEFT JOIN recommender_client chain ON chain.id = c.chain_id"""


@pytest.fixture(scope="module")
def house(django_db_setup, django_db_blocker, own_models_folder):
    """What every type answers for every client of a generated history, and the baskets that it stands on."""
    with django_db_blocker.unblock(), transaction.atomic():
        tables = ", ".join(model._meta.db_table for model in (ModelVersion, Order, Product, Client, SalesRep))
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {tables} CASCADE")
        load(generate(CLIENTS, 1, END))
        merge_orders(
            [*orders_of("beginner", [3, 9]), *orders_of("advent", range(20, 720, 30), [340, 347, 354, 361])], ""
        )
        promote(train_version(AS_OF))
        with connection.cursor() as cursor:
            cursor.execute(BASKETS, [AS_OF])
            cursor.execute("CREATE INDEX ON baskets (client, product); CREATE INDEX ON baskets (product); ANALYZE")
        yield SimpleNamespace(answers=answers())
        transaction.set_rollback(True)


def orders_of(client: str, days_ago: Iterable[int], punch_days_ago: Iterable[int] = ()) -> list[dict]:
    """Orders of bread, and of punch; counted from AS_OF."""
    return [
        {"external_id": f"{client}-{product}-{days}", "client": client, "ordered_at": AS_OF - timedelta(days=days),
         "lines": [{"product": product, "quantity": 6, "unit_price": 2}]}
        for product, days_of_product in (("bread", days_ago), ("punch", punch_days_ago))
        for days in days_of_product
    ]  # fmt: skip


def answers() -> list[tuple[dict, object]]:
    """(what the answer is about, the answer), of every client and type."""
    requests = [
        SuggestionRequest(client=client, purpose=purpose, now=AS_OF, parameters={"limit": 25})
        for client in Client.objects.values_list("external_id", flat=True)
        for purpose in Activity.Type.values
    ]
    segments = dict(rows(SEGMENTS, {}))
    about = {"now": AS_OF, "product": None, "goesWith": None, "replaces": None}
    return [
        (about | {"client": request.client, "purpose": request.purpose, "segment": segments[request.client]}, result)
        for request, result in zip(requests, suggest(requests), strict=True)
    ]


@pytest.fixture(scope="module")
def reasons(house):
    """The sentences of all reasons, by kind."""
    found = defaultdict(list)
    for about, result in house.answers:
        for line in result.recommendations:
            for sentence in read(line["reason"], REASONS, about | line):
                found[sentence.kind].append(sentence)
    return found


@pytest.fixture(scope="module")
def insights(house):
    """The sentences of all insights, by kind; of the short lists those of order analyses."""
    found = defaultdict(list)
    for about, result in house.answers:
        parts = result.insights["buyingPatterns"] + result.insights["opportunities"] + result.insights["riskFactors"]
        for text in parts:
            if about["purpose"] == "order-analysis" or " were asked for" not in text:
                for sentence in read(text, INSIGHTS, about):
                    found[sentence.kind].append(sentence)
    return found


@pytest.mark.parametrize("kind", REASONS)
def test_the_figures_of_reasons_stand_in_the_tables(reasons, kind):
    assert reasons[kind]
    assert [recomputed(sentence, REASONS) for sentence in reasons[kind]] == [said.shown for said in reasons[kind]]


@pytest.mark.parametrize("kind", [kind for kind in INSIGHTS if INSIGHTS[kind].sql])
def test_the_figures_of_insights_stand_in_the_tables(insights, kind):
    assert insights[kind]
    assert [recomputed(sentence, INSIGHTS) for sentence in insights[kind]] == [said.shown for said in insights[kind]]


def test_what_all_clients_will_take_more_of_is_an_opportunity_and_less_of_a_risk(house):
    said = {
        (name, " more than " in sentence)
        for _, result in house.answers
        for name in ("opportunities", "riskFactors")
        for sentence in result.insights[name]
        if "all clients together" in sentence
    }

    assert said == {("opportunities", True), ("riskFactors", False)}


def test_the_months_are_the_units_of_the_orders_against_the_average_month(house):
    shown = [result.insights["seasonality"].get("months", []) for _, result in house.answers]

    assert any(shown)
    assert shown == [
        [pytest.approx(share, abs=0.0005001) for (share,) in rows(MONTHS, about)] for about, _ in house.answers
    ]


def test_the_weeks_of_a_forecast_are_the_units_of_the_orders(house):
    forecasts = [
        (about, series)
        for about, result in house.answers
        for series in result.insights["seasonality"].get("products", [])
    ]

    assert forecasts
    assert [[(week["from"], week["units"]) for week in series["history"]] for _, series in forecasts] == [
        [(week, pytest.approx(units)) for week, units in rows(WEEKS, about | {"product": series["product"]})]
        for about, series in forecasts
    ]
