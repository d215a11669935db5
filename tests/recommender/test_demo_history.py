"""The generated order history is fit to show what suggestions are made from."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from django.core.management import CommandError, call_command

from recommender import demo_history
from recommender.models import Client, Order, OrderLine, Product

END = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def history():
    return demo_history.generate(clients=300, seed=7, end=END)


@pytest.fixture(scope="module")
def lines(history):
    """Each line with its order, client and product."""
    products = pl.DataFrame(history.products, infer_schema_length=None)
    clients = pl.DataFrame(history.clients, infer_schema_length=None).select(client="external_id", segment="segment")
    return (
        history.lines.join(history.orders, left_on="order_external_id", right_on="external_id")
        .join(products, left_on="product", right_on="external_id")
        .join(clients, on="client")
    )


def test_it_holds_three_hundred_clients_and_enough_lines(history, lines):
    assert lines["client"].n_unique() == 300
    assert lines["category"].n_unique() == 16
    assert 50_000 < len(history.lines) < 120_000


def test_the_same_seed_gives_the_same_history_and_another_seed_another(history):
    again = demo_history.generate(clients=300, seed=7, end=END)
    assert again.orders.equals(history.orders)
    assert again.lines.equals(history.lines)
    assert again.clients == history.clients
    assert not demo_history.generate(clients=300, seed=8, end=END).lines.equals(history.lines)


def test_orders_fill_the_eighteen_months_before_the_end(history):
    assert history.orders["ordered_at"].max() < END
    assert history.orders["ordered_at"].max() > END - timedelta(days=3)
    assert history.orders["ordered_at"].min() < END - timedelta(days=540)


def test_mulled_wine_is_for_winter_and_ice_cream_for_summer(lines):
    units = lines.group_by("name", pl.col("ordered_at").dt.month()).agg(pl.col("quantity").sum())
    mulled_wine = units.filter(pl.col("name") == "Mulled wine, 1 l").sort("quantity")
    ice_cream = units.filter(pl.col("name") == "Vanilla ice cream, 2.5 l").sort("quantity")
    assert mulled_wine["ordered_at"][-1] in (11, 12)
    assert ice_cream["ordered_at"][-1] in (6, 7, 8)


def test_products_of_one_kitchen_are_bought_by_the_same_clients(lines):
    def buyers(names: str) -> set[str]:
        return set(lines.filter(pl.col("name").str.contains(names))["client"])

    everyone, pasta, tomatoes = buyers(""), buyers("Spaghetti|Penne|Rigatoni"), buyers("Chopped tomatoes|passata")
    assert len(tomatoes & pasta) / len(pasta) > 1.5 * len(tomatoes) / len(everyone)


def test_some_clients_are_lost_and_some_are_new(history):
    first_last = history.orders.group_by("client").agg(
        first=pl.col("ordered_at").min(), last=pl.col("ordered_at").max()
    )
    assert 20 < first_last.filter(pl.col("last") < END - timedelta(days=60)).height < 60
    assert 20 < first_last.filter(pl.col("first") > END - timedelta(days=450)).height < 80


def test_there_are_returns_and_weighed_goods(lines):
    assert 0.005 < (lines["quantity"] < 0).mean() < 0.02
    assert set(lines.filter(pl.col("quantity") % 1 != 0)["unit"]) == {"kg"}


def test_an_inactive_product_is_bought_no_more_and_its_replacement_is(lines):
    last_bought = lines.group_by("product", "active").agg(pl.col("ordered_at").max())
    assert last_bought.filter(~pl.col("active"))["ordered_at"].max() < END - timedelta(days=30)
    replacements = lines.filter(pl.col("replaced_by").is_not_null())["replaced_by"].unique()
    assert last_bought.filter(pl.col("product").is_in(replacements.implode()))["ordered_at"].max() > END - timedelta(
        days=30
    )


def test_prices_rose(lines):
    paid = lines.filter(pl.col("name") == "House Blend espresso beans, 1 kg").sort("ordered_at")
    assert paid.head(20)["unit_price"].mean() < paid.tail(20)["unit_price"].mean() <= 11.90


@pytest.mark.usefixtures("empty_house")
def test_the_command_fills_an_empty_database(capsys):
    call_command("generate_demo_history", clients=12, until=END)
    assert "458 products" in capsys.readouterr().out
    assert Client.objects.filter(orders__isnull=False).distinct().count() == 12
    assert Product.objects.filter(active=False, replaced_by__isnull=False).count() == 8
    assert OrderLine.objects.filter(order__rep__name="Ada Quist").exists()


@pytest.mark.usefixtures("empty_house")
def test_the_command_does_not_mix_with_orders_that_are_there():
    call_command("generate_demo_history", clients=2, until=END)
    before = Order.objects.count()
    with pytest.raises(CommandError, match="There are orders already"):
        call_command("generate_demo_history", clients=2, until=END)
    assert Order.objects.count() == before
