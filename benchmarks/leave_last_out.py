"""The split that next-basket literature uses: the last order of each client is to be found."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

FEWEST_ORDERS = 3


@dataclass(frozen=True)
class Split:
    """Of the clients with FEWEST_ORDERS or more, sorted; ids as the files have them.

    held_out   client_id, ordered_at, earlier: the order to be found, and the times of those before it, ascending
    truth      client_id, product_id: what is in it, each product once
    bought     client_id, product_id: what these clients bought before
    orders, lines   all other orders of all clients
    """

    held_out: pl.DataFrame
    truth: pl.DataFrame
    bought: pl.DataFrame
    orders: pl.DataFrame
    lines: pl.DataFrame


def split(dataset: Path) -> Split:
    """Of a folder of orders.parquet (order_id, client_id, ordered_at) and lines.parquet (order_id, product_id).

    A client's last order is that with the greatest time, then id. Orders of the same time that come
    before it are history.
    """
    orders = pl.read_parquet(dataset / "orders.parquet").sort("client_id", "ordered_at", "order_id")
    lines = pl.read_parquet(dataset / "lines.parquet")
    count, place = pl.len().over("client_id"), pl.int_range(pl.len()).over("client_id")
    is_last = (place == count - 1) & (count >= FEWEST_ORDERS)
    marked = orders.with_columns(is_last=is_last, is_judged=count >= FEWEST_ORDERS)
    last, history = marked.filter("is_last"), marked.filter(~pl.col("is_last"))
    mine = history.filter("is_judged")
    times = mine.group_by("client_id").agg(earlier=pl.col("ordered_at").sort())
    return Split(
        held_out=last.select("client_id", "ordered_at").join(times, on="client_id").sort("client_id"),
        truth=products_of(last, lines),
        bought=products_of(mine, lines),
        orders=history.select(orders.columns),
        lines=lines.join(history.select("order_id"), on="order_id", how="semi"),
    )


def products_of(orders: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    found = orders.select("client_id", "order_id").join(lines, on="order_id").select("client_id", "product_id")
    return found.unique().sort("client_id", "product_id")


def write_history(found: Split, dataset: Path, folder: Path) -> None:
    """What the product may see, as a folder that `import_orders` takes."""
    found.orders.write_parquet(folder / "orders.parquet")
    found.lines.write_parquet(folder / "lines.parquet")
    if (dataset / "products.parquet").exists():
        pl.read_parquet(dataset / "products.parquet").write_parquet(folder / "products.parquet")
