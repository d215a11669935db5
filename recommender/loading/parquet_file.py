"""Reading of Parquet files, and of folders that hold orders and lines apart."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from recommender.loading.errors import ColumnsError, UnreadableFileError
from recommender.loading.order_file import CHUNK_ROWS, LINE, Chunk, OrderFile

ORDERS = {"order_id": "order", "client_id": "client", "ordered_at": "date"}
LINES = {"order_id": "order", "product_id": "product"}
LINES_OPTIONAL = {"quantity": "quantity", "unit_price": "price"}
PRODUCTS = {"product_id": "product", "name": "product_name"}


def open_parquet(path: Path) -> OrderFile:
    """Open a Parquet file; its rows are counted from 1.

    Raises:
        UnreadableFileError: not a Parquet file, or a damaged one.
    """
    table = _open_table(path)
    columns = [name for name in table.schema_arrow.names if name != LINE]
    return OrderFile(path, columns, _chunks(table, path), size=table.metadata.num_rows, unit="row")


def open_dataset(folder: Path) -> OrderFile:
    """Open a folder of orders.parquet, lines.parquet and, where it is there, products.parquet.

    Its columns are those of `ORDERS`, `LINES`, `LINES_OPTIONAL` and `PRODUCTS`; rows are those of
    lines.parquet. A quantity that is not given is 1. Orders and products are held in memory.

    Raises:
        UnreadableFileError: a file is missing or damaged.
        ColumnsError: a file lacks a column.
    """
    orders = _read_columns(folder / "orders.parquet", ORDERS).unique("order", keep="first", maintain_order=True)
    products = None
    if (folder / "products.parquet").exists():
        products = _read_columns(folder / "products.parquet", PRODUCTS).unique("product", keep="first")
    lines = open_parquet(folder / "lines.parquet")
    _require_columns(lines.path, lines.columns, LINES)
    return OrderFile(
        path=folder,
        columns=["order", "client", "date", "product", "quantity", "price"] + ["product_name"] * (products is not None),
        chunks=(_joined(chunk, orders, products) for chunk in lines.chunks),
        size=lines.size,
        unit="row",
    )


def _open_table(path: Path) -> pq.ParquetFile:
    if not path.exists():
        raise UnreadableFileError(f"There is no {path.name} in {path.parent}.")
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError(f"{path.name} is not a Parquet file that can be read: {error}") from error


def _chunks(file: pq.ParquetFile, path: Path) -> Iterator[Chunk]:
    done = 0
    try:
        for batch in file.iter_batches(CHUNK_ROWS):
            table = pl.DataFrame(pl.from_arrow(batch)).drop(LINE, strict=False)
            lines = pl.Series(LINE, range(done + 1, done + 1 + len(table)), dtype=pl.Int64)
            done += len(table)
            yield Chunk(pl.DataFrame([lines, *map(_text, table.get_columns())]), done)
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
        raise UnreadableFileError(f"{path.name} is damaged after row {done}: {error}") from error


def _joined(chunk: Chunk, orders: pl.DataFrame, products: pl.DataFrame | None) -> Chunk:
    names = LINES | {name: field for name, field in LINES_OPTIONAL.items() if name in chunk.rows.columns}
    rows = chunk.rows.select(LINE, *(pl.col(name).alias(field) for name, field in names.items()))
    rows = rows.join(orders, on="order", how="left", maintain_order="left")
    if products is not None:
        rows = rows.join(products, on="product", how="left", maintain_order="left")
    quantity = pl.col("quantity").fill_null("1") if "quantity" in rows.columns else pl.lit("1")
    price = pl.col("price") if "price" in rows.columns else pl.lit(None, dtype=pl.String)
    return Chunk(rows.with_columns(quantity=quantity, price=price), chunk.done)


def _read_columns(path: Path, names: dict[str, str]) -> pl.DataFrame:
    table = open_parquet(path)
    _require_columns(path, table.columns, names)
    frames = [chunk.rows.select(pl.col(name).alias(field) for name, field in names.items()) for chunk in table.chunks]
    return pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys(names.values(), pl.String))


def _require_columns(path: Path, columns: list[str], names: dict[str, str]) -> None:
    missing = [name for name in names if name not in columns]
    if missing:
        raise ColumnsError(f"{path.name} lacks the column {missing[0]!r}. Columns found: {', '.join(columns)}.")


def _text(column: pl.Series) -> pl.Series:
    """A column as a text file would have it: whole floats (ids of a column with gaps) without .0, times in ISO 8601.

    What is no number and what has no text, such as lists and bytes that are no UTF-8, is blank.
    """
    kind = column.dtype
    if kind.is_float():
        column = column.fill_nan(None)
        whole = (column == column.round()) & (column.abs() < 1e15)
        digits = column.cast(pl.Int64, strict=False).cast(pl.String)
        return pl.select(pl.when(whole).then(digits).otherwise(column.cast(pl.String))).to_series().rename(column.name)
    if isinstance(kind, pl.Datetime):
        moments = column.dt.convert_time_zone("UTC") if kind.time_zone else column
        return moments.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")
    if kind == pl.Binary:
        return pl.Series(column.name, map(_decoded, column), dtype=pl.String)
    if kind.is_nested() or kind == pl.Duration:
        return pl.Series(column.name, [None] * len(column), dtype=pl.String)
    return column.cast(pl.String, strict=False)


def _decoded(cell: bytes | None) -> str | None:
    try:
        return None if cell is None else cell.decode()
    except UnicodeDecodeError:
        return None
