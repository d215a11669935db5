"""A Dask cluster of a scheduler and two workers, met over TCP, gives what this machine alone gives.

CLUSTER_CLIENTS says how many clients of the real data set take part.
"""

import os
import random
import time
from contextlib import contextmanager
from pathlib import Path

import polars
import pytest
from django.conf import settings

from tests.bulk_runs import WAITING, assert_all_was_done, begin, go_on, wait_for_random_point
from tests.dask_cluster import running_cluster
from tests.installation import Installation, wait_for

CLIENTS = int(os.environ.get("CLUSTER_CLIENTS", 80))
ONLINE_RETAIL = Path(settings.BASE_DIR).parent / "shared" / "data" / "online-retail"
AS_OF = "2011-11-25"  # within the generated orders as well as the real ones
CHUNK = 5

DIGESTS = "SELECT sha256 FROM recommender_modelversion WHERE status <> 'failed' ORDER BY number"
# All that an activity shows but how long it took; the moment of a suggestion is no part of it.
SUGGESTIONS = """
    SELECT a.client, a.activity_type, a.status, a.ai_model, a.recommendations, a.insights, a.accuracy,
        (SELECT count(*) FROM recommender_suggestedline l WHERE l.activity = a.id AND NOT l.superseded)
    FROM activities_activity a ORDER BY a.id"""


def load_generated_orders(installation: Installation) -> None:
    installation.manage("generate_demo_history", "--clients", "25", "--until", "2011-12-01")


def load_online_retail(installation: Installation) -> None:
    orders = polars.read_parquet(ONLINE_RETAIL / "orders.parquet")
    clients = orders["client_id"].unique().sort()[:CLIENTS]
    lines = polars.read_parquet(ONLINE_RETAIL / "lines.parquet")
    file = installation.folder / "orders.csv"
    orders.filter(polars.col("client_id").is_in(clients.implode())).join(lines, "order_id").rename(
        {"order_id": "order", "client_id": "client", "product_id": "product", "ordered_at": "date"}
    ).write_csv(file)
    installation.manage("import_orders", str(file))


HOUSES = [
    pytest.param(load_generated_orders, id="generated"),
    pytest.param(
        load_online_retail,
        id="online-retail",
        marks=pytest.mark.skipif(not ONLINE_RETAIL.exists(), reason=f"needs the tables in {ONLINE_RETAIL}"),
    ),
]


@pytest.fixture(scope="module", params=HOUSES)
def house(request, tmp_path_factory):
    """An installation with a model and an activity of two types for each client, all as of one day."""
    installation = Installation(tmp_path_factory.mktemp("house"))
    try:
        installation.manage("migrate", "--verbosity", "0")
        request.param(installation)
        installation.manage("train_recommender", "--until", AS_OF)
        for each in ("recommendation", "demand-forecasting"):
            installation.manage("create_activities", "--type", each, "--clients", "all", "--rep", "R1")
        asked = f"""{{"parameters": {{"asOf": "{AS_OF}"}}}}"""
        installation.ask(f"UPDATE activities_activity SET requested_model = '{asked}' RETURNING 1")
        yield installation
    finally:
        installation.postgres.stop()


@pytest.fixture(scope="module")
def alone(house):
    """What this machine suggests."""
    house.manage("regenerate_activities")
    return house.ask(SUGGESTIONS)


@pytest.fixture
def cluster(house, tmp_path):
    with running_cluster(house, tmp_path) as cluster:
        yield cluster


def train(house, *options):
    """The command, when its training has begun."""
    [(before,)] = house.ask("SELECT max(number) FROM recommender_modelversion")
    command = house.start("manage.py", "train_recommender", "--until", AS_OF, "--no-promote", *options)
    wait_for(lambda: house.ask("SELECT max(number) FROM recommender_modelversion") > [(before,)])
    return command


LATE = "(SELECT id FROM recommender_order WHERE external_id = 'late')"


@contextmanager
def late_order(house):
    """An order of the days that a training is about, stored when that has begun already."""
    [(client,)] = house.ask("SELECT max(external_id) FROM recommender_client")
    file = house.folder / "late.csv"
    file.write_text(f"order,client,product,date,quantity\nlate,{client},unheard-of,2011-11-01,7\n")
    house.manage("import_orders", str(file))
    try:
        yield
    finally:
        house.ask(f"DELETE FROM recommender_orderline WHERE order_id = {LATE} RETURNING 1")
        house.ask(f"DELETE FROM recommender_order WHERE id = {LATE} RETURNING 1")


def assert_same_model(house):
    """The model trained last is the one that was trained first, to the byte."""
    [(first,), *_, (last,)] = house.ask(DIGESTS)
    assert last == first


GENERATED = pytest.mark.parametrize("house", HOUSES[:1], indirect=True)


@GENERATED
def test_training_in_processes_gives_the_same_model(house):
    command = train(house, "--processes", "2")
    said = command.communicate()[0]

    assert command.returncode == 0, said
    assert_same_model(house)


@GENERATED
def test_a_run_shared_by_two_processes_gives_the_same_suggestions(house, alone):
    command, run = begin(house, CHUNK, "--processes", "2")
    said = command.communicate()[0]

    assert command.returncode == 0, said
    assert_all_was_done(house, run)
    assert house.ask(SUGGESTIONS) == alone


def test_training_gives_the_same_model_though_an_order_comes_in_and_a_worker_is_killed(house, tmp_path):
    with running_cluster(house, tmp_path, workers=0) as cluster:
        command = train(house, "--cluster", cluster.address)
        with late_order(house):
            cluster.add_worker()
            cluster.add_worker()
            time.sleep(random.uniform(1, 5))
            cluster.workers[0].kill()
            said = command.communicate()[0]

    assert command.returncode == 0, said
    assert_same_model(house)


def test_a_run_on_a_cluster_gives_the_same_suggestions_though_one_of_its_workers_is_killed(house, alone, cluster):
    command, run = begin(house, CHUNK, "--cluster", cluster.address)
    wait_for_random_point(house, run)
    cluster.workers[0].kill()
    said = command.communicate()[0]

    assert command.returncode == 0, said
    assert_all_was_done(house, run)
    assert house.ask(SUGGESTIONS) == alone


@GENERATED
def test_a_run_whose_cluster_died_is_gone_on_with_by_another_one(house, alone, cluster, tmp_path):
    command, run = begin(house, CHUNK, "--cluster", cluster.address)
    [(chunks,)] = house.ask(WAITING.format(run=run))
    wait_for(lambda: house.ask(WAITING.format(run=run))[0][0] < chunks)
    cluster.kill()
    said = command.communicate()[0]
    assert command.returncode == 1
    assert "--resume goes on with it" in said

    with running_cluster(house, tmp_path) as other:
        go_on(house, run, "--cluster", other.address)

    assert_all_was_done(house, run)
    assert house.ask(SUGGESTIONS) == alone
