"""The benchmarks run, and what they say can be checked by other means."""

import json
import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from django.conf import settings

CLIENTS = range(1, 13)


def run(benchmark: str, *arguments: object) -> dict:
    """The figures that a benchmark prints last."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{benchmark}", *map(str, arguments)],
        cwd=settings.BASE_DIR, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Orders by the day, with numbers for ids and no quantities, prices or names; one client has two orders alone."""
    folder = tmp_path_factory.mktemp("corner-shop")
    random = np.random.default_rng(3)
    orders = [
        (client * 100 + place, client, date(2025, 1, 1) + timedelta(days=7 * (place // 2) + client))
        for client in CLIENTS
        for place in range(2 if client == CLIENTS[-1] else 6)
    ]
    lines = [
        (order, product)
        for order, client, _ in orders
        for product in {1000 + client, 1001, *random.integers(1002, 1040, 4).tolist()}
    ]
    pl.DataFrame(orders, ["order_id", "client_id", "ordered_at"], orient="row").write_parquet(folder / "orders.parquet")
    pl.DataFrame(lines, ["order_id", "product_id"], orient="row").write_parquet(folder / "lines.parquet")
    return folder


@pytest.fixture(scope="module")
def quality(dataset, tmp_path_factory):
    predictions = tmp_path_factory.mktemp("predictions")
    peers = predictions / "peers.json"
    peers.write_text(
        json.dumps({dataset.name: {"peers": {"A peer": {"recall@10": 0.1}, "Another": {"recall@10": 0.2}}}})
    )
    figures = run("quality", dataset, "--predictions", predictions, "--baselines", peers)[dataset.name]
    lists = {path.stem: pl.read_parquet(path) for path in (predictions / dataset.name).iterdir()}
    return figures, lists


@pytest.fixture(scope="module")
def baskets(dataset):
    """{client: [{product, ...} of each order, in order of time]}, of the clients to be judged."""
    joined = pl.read_parquet(dataset / "lines.parquet").join(pl.read_parquet(dataset / "orders.parquet"), on="order_id")
    per_order = joined.group_by("client_id", "order_id").agg("product_id").sort("order_id")
    return {
        client: [set(products) for products in per_order.filter(client_id=client)["product_id"]]
        for client in CLIENTS[:-1]
    }


def suggested_to(predictions: pl.DataFrame, client: int) -> list[int]:
    return predictions.filter(client_id=client).sort("rank")["product_id"].to_list()


@pytest.mark.parametrize("name", ["whole", "explore", "whole-without-date"])
@pytest.mark.parametrize("k", [10, 20])
def test_recall_is_what_the_written_lists_find_of_the_last_orders(quality, baskets, name, k):
    figures, lists = quality

    recall = [
        len(orders[-1] & set(suggested_to(lists[name], client)[:k])) / len(orders[-1])
        for client, orders in baskets.items()
    ]

    assert figures["clients"] == len(baskets) == 11
    assert figures["lists"][name][f"recall@{k}"]["value"] == pytest.approx(np.mean(recall))


def test_the_error_of_confidences_is_that_of_the_written_ones(quality, baskets):
    figures, lists = quality

    squares = [
        (row["confidence"] - (row["product_id"] in baskets[row["client_id"]][-1])) ** 2
        for row in lists["whole"].iter_rows(named=True)
    ]

    assert figures["confidences"]["whole"]["brier"] == pytest.approx(np.mean(squares))


def test_lists_of_new_products_hold_nothing_that_the_client_had(quality, baskets):
    explore = quality[1]["explore"]

    had = {client: set().union(*orders[:-1]) for client, orders in baskets.items()}

    assert not any(product in had[client] for client, product in explore.select("client_id", "product_id").rows())
    assert explore["client_id"].n_unique() == len(baskets)


@pytest.mark.parametrize("name", ["whole", "explore", "whole-without-date"])
def test_ranks_count_from_one_and_no_product_stands_twice(quality, name):
    by_client = (
        quality[1][name]
        .group_by("client_id")
        .agg(ranks=pl.col("rank").sort(), products=pl.col("product_id").n_unique())
    )

    assert all(row["ranks"] == list(range(1, row["products"] + 1)) for row in by_client.to_dicts())
    assert by_client["ranks"].list.len().max() <= 20


def test_the_best_peer_stands_beside_with_our_lift(quality):
    beside = quality[0]["beside_best_peer"]["whole recall@10"]

    assert beside["peer"] == "Another"
    assert beside["lift"] == pytest.approx(quality[0]["lists"]["whole"]["recall@10"]["value"] / 0.2 - 1)


def test_training_is_measured_on_orders_of_its_own():
    figures = run("training", "--lines", 2000, "--threads", 1)

    assert figures["lines"] > 1000
    assert figures["cpu_seconds"] > 0
    assert figures["peak_megabytes"] > 50


def test_one_suggestion_is_measured_beside_reading_the_history():
    figures = run("suggest_one", "--lines", 2000, "--clients", 2)

    assert figures["clients"] == 2
    assert figures["ratio"] == pytest.approx(figures["suggest_cpu_ms"] / figures["reading_cpu_ms"], abs=0.02)


def test_simulated_reps_answer_in_rounds_with_and_without_feedback():
    figures = run("feedback", "--clients", 12, "--rounds", 2)

    by_round = figures["acceptance_by_round"]["answering"]
    assert by_round["with"][0] == by_round["without"][0]
    later = figures["later_models"]["answering"]["accepted"]
    assert later["without"]["value"] == pytest.approx(by_round["without"][1], abs=1e-4)
    assert later["difference"]["value"] == pytest.approx(later["with"]["value"] - later["without"]["value"], abs=2e-4)


def test_bulk_regeneration_is_measured_beside_the_engine_and_single_generations():
    figures = run("bulk", "--clients", 12, "--sizes", 20, "--chunk", 10, "--singles", 1, "--nights", 3)

    assert [(size["activities"], size["nights"]) for size in figures["sizes"]] == [(20, 0), (20, 3)]
    for size in figures["sizes"]:
        assert size["done"] == 20
        assert size["bulk_to_engine"] == pytest.approx(size["bulk_ms"] / size["engine_ms"], abs=0.02)
        assert size["peak_mb"] > 50


def test_capacity_is_measured_with_what_a_second_night_adds():
    figures = run("capacity", "--lines", 2000)

    assert figures["lines"] > 1000
    assert figures["activities"] > 3
    assert 50 < figures["history_mb_a_million_lines"] < 1000
    assert 0 < figures["kb_a_night_and_activity"] < figures["kb_an_activity"]
    assert min(figures["cpu_ms_an_activity"], figures["database_cpu_ms_an_activity"]) > 0


def test_the_loading_of_order_lines_is_timed_beside_the_orm_over_all_the_lines_asked_for():
    figures = run("history_load", "--lines", 20_000, "--rounds", 1)

    assert figures["lines"] == 20_000
    assert set(figures["ratio_to_arrays"]) == {"arrays", "values_list", "objects"}


def test_lists_are_measured_beside_a_bare_handler_least_django_and_a_stock_view_and_each_query_with_its_plan():
    figures = run("list", "--activities", 1200, "--clients", 20, "--rounds", 1, "--seconds", 0.2, "--callers", 2)

    assert figures["activities"] == 1200
    for kind in ("list", "retrieve"):
        rates = figures[kind]["per_second"]
        assert figures[kind]["ratio_to"]["bare"] == pytest.approx(rates["service"] / rates["bare"], rel=0.05)
    assert figures["apart"]
    assert all(each["ms"] > 0 and each["reads"] for each in figures["apart"])


def test_generating_is_measured_beside_the_cpu_of_the_engine():
    figures = run("generate", "--clients", 12, "--rounds", 1, "--seconds", 0.5)

    assert figures["clients"] == 12
    assert figures["ratio"] == pytest.approx(figures["one_caller"]["p50"] / figures["engine_cpu_ms"], rel=0.05)


def test_the_start_is_measured_beside_a_bare_handlers():
    figures = run("startup", "--clients", 12, "--rounds", 1)

    assert 0 < figures["seconds_to_first_list"] <= figures["seconds_to_first_generation"]
    assert figures["ratio_to_bare"] > 1


def test_compressing_a_list_is_measured_level_by_level():
    figures = run("compression", "--clients", 20)

    sizes = [level["bytes"] for level in figures["levels"]]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] < figures["bytes"]
