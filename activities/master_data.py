"""Clients, products and orders pushed by tools, as they happen."""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import transaction
from rest_framework import exceptions
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from activities import contract
from activities.dates import parse_time
from activities.parsers import body_of
from activities.permissions import KeyIsNotBoundToRep
from recommender.loading.merge import merge_clients, merge_orders, merge_products
from recommender.loading.rows import ClientRow, MergeCounts, OrderRow, ProductRow
from salesai.time_limits import set_time_limit

CLIENT_FIELDS = {"client": "external_id", "name": "name", "segment": "segment", "chain": "chain", "region": "region"}
PRODUCT_FIELDS = {
    "product": "external_id",
    "name": "name",
    "category": "category",
    "price": "list_price",
    "unit": "unit",
    "packSize": "pack_size",
    "minOrderQuantity": "min_order_quantity",
    "active": "active",
    "replacedBy": "replaced_by",
}
COUNTS = ("packSize", "minOrderQuantity")
# How long a push waits for others that merge. An import can be at it for minutes: were pushes to wait as
# long, they would soon hold all threads of the server, and nothing would be answered.
PATIENCE = timedelta(seconds=5)


class UpsertView(APIView):
    """All rows of a call are taken, or none; each fault is named by its path."""

    permission_classes: ClassVar[list[type[BasePermission]]] = [
        *api_settings.DEFAULT_PERMISSION_CLASSES,
        KeyIsNotBoundToRep,
    ]
    path: ClassVar[str]
    # The field that holds the row's own id, and the one that names another row of the same kind.
    id_field: ClassVar[str]
    other_field: ClassVar[str | None] = None

    def post(self, request: Request) -> Response:
        data = body_of(request)
        faults = contract.faults_of(contract.body_validator(self.path, "post"), data)
        by_id = id_faults(rows_with_id(data, self.id_field), self.id_field, self.other_field)
        faults |= {path: faults.get(path, []) + messages for path, messages in by_id.items()}
        if faults:
            raise exceptions.ValidationError(faults)
        with transaction.atomic():
            set_time_limit("lock_timeout", PATIENCE)
            counts = self.merge(data["items"])
        return Response(
            {"success": True, "created": counts.created, "updated": counts.updated, "unchanged": counts.unchanged}
        )

    def merge(self, items: list[dict[str, Any]]) -> MergeCounts:
        raise NotImplementedError


class ClientsView(UpsertView):
    path, id_field, other_field = "/clients", "client", "chain"

    def merge(self, items: list[dict[str, Any]]) -> MergeCounts:
        return merge_clients([ClientRow(**renamed(item, CLIENT_FIELDS)) for item in items])


class ProductsView(UpsertView):
    path, id_field, other_field = "/products", "product", "replacedBy"

    def merge(self, items: list[dict[str, Any]]) -> MergeCounts:
        return merge_products([ProductRow(**renamed(whole_counts(item), PRODUCT_FIELDS)) for item in items])


class OrdersView(UpsertView):
    path, id_field = "/orders", "order"

    def merge(self, items: list[dict[str, Any]]) -> MergeCounts:
        return merge_orders([order_row(item) for item in items], source="api")


def rows_with_id(data: Any, id_field: str) -> dict[int, dict[str, Any]]:
    """By position, the rows of a body, however bad it is, that have a text for an id."""
    items = data.get("items") if isinstance(data, dict) else None
    rows = enumerate(items if isinstance(items, list) else ())
    return {position: row for position, row in rows if isinstance(row, dict) and isinstance(row.get(id_field), str)}


def id_faults(items: dict[int, dict[str, Any]], id_field: str, other_field: str | None) -> dict[str, list[str]]:
    """Ids that stand twice in one call, and rows that name themselves; `items` by position."""
    faults: dict[str, list[str]] = {}
    seen: dict[str, int] = {}
    for position, item in items.items():
        first = seen.setdefault(item[id_field], position)
        if first != position:
            faults[f"items[{position}].{id_field}"] = [f"The same id stands in items[{first}]; send it once."]
        if other_field and item.get(other_field) == item[id_field]:
            faults[f"items[{position}].{other_field}"] = ["This names the row itself; name another, or leave it out."]
    return faults


def whole_counts(item: dict[str, Any]) -> dict[str, Any]:
    """3.0 is the integer 3."""
    return {name: int(value) if name in COUNTS and value is not None else value for name, value in item.items()}


def renamed(item: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names[field]: value for field, value in item.items()}


def order_row(item: dict[str, Any]) -> OrderRow:
    return OrderRow(
        external_id=item["order"],
        client=item["client"],
        rep=item.get("rep"),
        ordered_at=parse_time(item["date"]),
        lines=[
            {"product": line["product"], "quantity": line["quantity"], "unit_price": line.get("price")}
            for line in item["items"]
        ],
    )
