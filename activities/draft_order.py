"""The draft order that the suggestions make."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from activities.feedback import accepted_products

CENT = Decimal("0.01")


def draft_order(activity_id: str, recommendations: list[dict], feedback: dict) -> dict[str, Any]:
    """The suggested lines; once some are accepted, those alone and with an orderId.

    An accepted product that is not suggested stays out of the order. No suggestion: no order (`{}`).
    """
    if not recommendations:
        return {}
    accepted = accepted_products(feedback)
    chosen = [line for line in recommendations if line["product"] in accepted]
    items = [{key: line[key] for key in ("product", "quantity", "price")} for line in chosen or recommendations]
    order: dict[str, Any] = {"items": items, "totalAmount": total_amount(items)}
    if chosen:
        order["orderId"] = f"SO-{activity_id}"
    return order


def total_amount(items: list[dict]) -> float:
    """Sum of quantity times price, to the cent; lines without a price count nothing."""
    total = sum(
        (item["quantity"] * Decimal(str(item["price"])) for item in items if item["price"] is not None), Decimal(0)
    )
    return float(total.quantize(CENT, ROUND_HALF_UP))
