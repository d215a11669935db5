"""What a row of an order file can say: its fields, their kinds, and the names columns go by."""

import enum
import re
from dataclasses import dataclass

from django.db import connection, models

from recommender.loading.master_data import CLIENTS, PRODUCTS, SALES_REPS, MasterTable
from recommender.loading.staging import TEXT
from recommender.models import EXTERNAL_ID_LENGTH, OrderLine


class Kind(enum.Enum):
    EXTERNAL_ID = enum.auto()
    TEXT = enum.auto()
    QUANTITY = enum.auto()
    PRICE = enum.auto()
    COUNT = enum.auto()
    DATE = enum.auto()


@dataclass(frozen=True)
class Field:
    """A field of an order row.

    `describes` is the master data's table and field that the value is kept in, for those fields
    that say something about the row's client, rep or product rather than about the order.
    """

    name: str
    kind: Kind
    synonyms: tuple[str, ...] = ()
    required: bool = False
    describes: tuple[MasterTable, str] | None = None

    @property
    def max_length(self) -> int:
        if self.describes and self.kind is Kind.TEXT:
            table, column = self.describes
            return table.model._meta.get_field(column).max_length
        return EXTERNAL_ID_LENGTH

    @property
    def column_type(self) -> str:
        """The SQL type that the field is staged as."""
        return {
            Kind.QUANTITY: OrderLine._meta.get_field("quantity").db_type(connection),
            Kind.PRICE: OrderLine._meta.get_field("unit_price").db_type(connection),
            Kind.COUNT: models.PositiveIntegerField().db_type(connection),
            Kind.DATE: models.DateTimeField().db_type(connection),
        }.get(self.kind, TEXT)


FIELDS = {
    field.name: field
    for field in (
        Field(
            "order",
            Kind.EXTERNAL_ID,
            ("order_id", "order_no", "order_number", "invoice", "invoice_no", "invoice_number", "document", "basket"),
            required=True,
        ),
        Field(
            "client",
            Kind.EXTERNAL_ID,
            ("client_id", "customer", "customer_id", "customer_no", "customer_number", "account", "account_id"),
            required=True,
        ),
        Field(
            "product",
            Kind.EXTERNAL_ID,
            (
                "product_id",
                "product_code",
                "sku",
                "item",
                "item_id",
                "item_code",
                "article",
                "article_no",
                "stock_code",
            ),
            required=True,
        ),
        Field("quantity", Kind.QUANTITY, ("qty", "units", "amount_ordered"), required=True),
        Field(
            "date",
            Kind.DATE,
            ("ordered_at", "order_date", "date_time", "timestamp", "invoice_date", "created_at"),
            required=True,
        ),
        Field("price", Kind.PRICE, ("unit_price", "net_price", "price_per_unit")),
        Field("rep", Kind.EXTERNAL_ID, ("rep_id", "sales_rep", "sales_rep_id", "salesperson", "agent")),
        Field("rep_name", Kind.TEXT, ("sales_rep_name",), describes=(SALES_REPS, "name")),
        Field("client_name", Kind.TEXT, ("customer_name", "account_name"), describes=(CLIENTS, "name")),
        Field("segment", Kind.TEXT, ("client_segment", "customer_segment"), describes=(CLIENTS, "segment")),
        Field("region", Kind.TEXT, ("country", "territory"), describes=(CLIENTS, "region")),
        Field("chain", Kind.EXTERNAL_ID, ("chain_id", "parent", "parent_client"), describes=(CLIENTS, "chain")),
        Field(
            "product_name",
            Kind.TEXT,
            ("description", "product_description", "item_name", "item_description"),
            describes=(PRODUCTS, "name"),
        ),
        Field("category", Kind.TEXT, ("product_category", "product_group"), describes=(PRODUCTS, "category")),
        Field("list_price", Kind.PRICE, ("catalogue_price", "catalog_price"), describes=(PRODUCTS, "list_price")),
        Field("unit", Kind.TEXT, ("unit_of_measure", "uom"), describes=(PRODUCTS, "unit")),
        Field("pack_size", Kind.COUNT, ("units_per_pack", "case_size"), describes=(PRODUCTS, "pack_size")),
        Field(
            "min_order_quantity",
            Kind.COUNT,
            ("minimum_order_quantity", "moq"),
            describes=(PRODUCTS, "min_order_quantity"),
        ),
    )
}


def plain_name(column: str) -> str:
    """A column's name without what spellings differ by: "Order ID", "order_id" and "OrderId" are one."""
    return re.sub(r"[\W_]+", "", column).lower()
