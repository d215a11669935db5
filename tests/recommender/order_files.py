"""The same orders as files of many kinds have them, and as they are loaded."""

from datetime import UTC, datetime
from decimal import Decimal

from recommender.models import Client, Order, OrderLine, Product, SalesRep

HEADER = ["Order ID", "customer", "SKU", "qty", "Date", "unit price", "client_name", "Category"]
ROWS = [
    ["1001", "C1", "milk", 12, datetime(2026, 3, 2, 9, 30), 1.1, "Café Lena", "Dairy"],
    ["1001", "C1", "rice", 2.5, datetime(2026, 3, 2, 9, 30), None, "Café Lena", None],
    ["1002", "C2", "milk", -1, datetime(2026, 3, 3), 1.1, None, "Dairy"],
]
CSV = """\
Order ID,customer,SKU,qty,Date,unit price,client_name,Category
1001,C1,milk,12,2026-03-02 09:30:00,1.1,Café Lena,Dairy
1001,C1,rice,2.5,2026-03-02T09:30:00Z,,Café Lena,
1002,C2,milk,-1,2026-03-03,1.1,,Dairy
"""
LOADED = [
    ("1001", "C1", "Café Lena", datetime(2026, 3, 2, 9, 30, tzinfo=UTC), "milk", "Dairy", Decimal(12), Decimal("1.1")),
    ("1001", "C1", "Café Lena", datetime(2026, 3, 2, 9, 30, tzinfo=UTC), "rice", "", Decimal("2.5"), None),
    ("1002", "C2", "", datetime(2026, 3, 3, tzinfo=UTC), "milk", "Dairy", Decimal(-1), Decimal("1.1")),
]


def loaded():
    lines = OrderLine.objects.order_by("id")
    return list(
        lines.values_list(
            "order__external_id",
            "order__client__external_id",
            "order__client__name",
            "order__ordered_at",
            "product__external_id",
            "product__category",
            "quantity",
            "unit_price",
        )
    )


def all_rows():
    return [list(model.objects.order_by("id").values()) for model in (Client, SalesRep, Product, Order, OrderLine)]
