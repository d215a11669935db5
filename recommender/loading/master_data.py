"""Merging of staged clients, reps and products, by external id."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection, models
from django.db.backends.utils import CursorWrapper

from recommender.loading.rows import MergeCounts
from recommender.loading.staging import TEXT, StagingTable
from recommender.models import Client, Product, SalesRep


@dataclass(frozen=True)
class MasterTable:
    """A table of master data: its plain fields and, where there is one, the field that names another of its rows."""

    model: type[models.Model]
    fields: tuple[str, ...]
    parent: str | None = None

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @cached_property
    def emptied(self) -> dict[str, Any]:
        """What a field holds where nothing is known: the model's default."""
        return {field: self.model._meta.get_field(field).get_default() for field in self.fields}

    @cached_property
    def staging(self) -> StagingTable:
        """Rows to merge. `given` lists the fields that a row says something about; null in those empties them."""
        columns = {field: self.model._meta.get_field(field).db_type(connection) for field in self.fields}
        parent = {self.parent: TEXT} if self.parent else {}
        return StagingTable(
            name=f"staged_{self.model._meta.model_name}",
            columns={"external_id": TEXT, "given": "text[] NOT NULL"} | columns | parent,
            notes={"is_new": "boolean NOT NULL DEFAULT true"},
            constraints=("PRIMARY KEY (external_id)",),
        )


CLIENTS = MasterTable(Client, ("name", "segment", "region"), parent="chain")
SALES_REPS = MasterTable(SalesRep, ("name",))
PRODUCTS = MasterTable(
    Product,
    ("name", "category", "list_price", "unit", "pack_size", "min_order_quantity", "active"),
    parent="replaced_by",
)


def merge_staged(cursor: CursorWrapper, table: MasterTable) -> MergeCounts:
    """Create what is not there yet, and set the given fields where they differ."""
    staged = table.staging.name
    cursor.execute(
        f"UPDATE {staged} SET is_new = false FROM {table.name} known WHERE known.external_id = {staged}.external_id"
    )
    create_missing(cursor, table, f"SELECT external_id, position FROM {staged}")
    if table.parent:
        create_missing(cursor, table, first_seen(table.parent, staged))
    updated = _set_given_fields(cursor, table)
    cursor.execute(f"SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM {staged}")
    created, known = cursor.fetchone()
    return MergeCounts(created=created, updated=updated, unchanged=known - updated)


def first_seen(column: str, staged: str) -> str:
    """A query for the external ids that stand in a column, each with the position where it first stands."""
    return (
        f"SELECT {column} AS external_id, min(position) AS position FROM {staged}"
        f" WHERE {column} IS NOT NULL GROUP BY {column}"
    )


def create_missing(cursor: CursorWrapper, table: MasterTable, ids: str) -> None:
    """Create the rows whose external ids the query `ids` gives, with their id alone, in order of position.

    Rows that are there are filtered out first, because ON CONFLICT alone would use up an id for each.
    """
    cursor.execute(
        f"""
        INSERT INTO {table.name} (external_id, {", ".join(table.fields)})
        SELECT named.external_id, {", ".join(["%s"] * len(table.fields))}
        FROM ({ids}) named
        WHERE NOT EXISTS (SELECT FROM {table.name} known WHERE known.external_id = named.external_id)
        ORDER BY named.position
        ON CONFLICT (external_id) DO NOTHING
        """,
        list(table.emptied.values()),
    )


def _set_given_fields(cursor: CursorWrapper, table: MasterTable) -> int:
    """Returns how many rows changed, other than those just created."""
    values = {
        field: f"CASE WHEN '{field}' = ANY(staged.given) THEN coalesce(staged.{field}, %s) ELSE stored.{field} END"
        for field in table.fields
    }
    parent_join = ""
    if table.parent:
        column = f"{table.parent}_id"
        values[column] = f"CASE WHEN '{table.parent}' = ANY(staged.given) THEN parent.id ELSE stored.{column} END"
        parent_join = f"LEFT JOIN {table.name} parent ON parent.external_id = staged.{table.parent}"
    cursor.execute(
        f"""
        WITH merged AS (
            SELECT stored.id, staged.is_new, {", ".join(f"{value} AS {name}" for name, value in values.items())}
            FROM {table.staging.name} staged JOIN {table.name} stored USING (external_id) {parent_join}
        ), changed AS (
            UPDATE {table.name} target SET {", ".join(f"{name} = merged.{name}" for name in values)}
            FROM merged
            WHERE target.id = merged.id
            AND ROW({", ".join(f"target.{name}" for name in values)})
                IS DISTINCT FROM ROW({", ".join(f"merged.{name}" for name in values)})
            RETURNING merged.is_new
        )
        SELECT count(*) FILTER (WHERE NOT is_new) FROM changed
        """,
        list(table.emptied.values()),
    )
    return cursor.fetchone()[0]
