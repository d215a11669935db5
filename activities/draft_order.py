"""The draft order that the suggestions make."""

from decimal import Decimal
from typing import Any

from activities.feedback import answers_in
from recommender.models import Outcome
from recommender.money import amount, to_the_cent


def draft_order(activity_id: str, recommendations: list[dict], feedback: dict) -> dict[str, Any]:
    """The suggested lines that are not rejected; once some are accepted, those alone and with an orderId.

    An accepted product that is not suggested stays out of the order. No line left: no order (`{}`).
    """
    answers = answers_in(feedback)
    chosen = [line for line in recommendations if answers.get(line["product"]) == Outcome.ACCEPTED]
    lines = chosen or [line for line in recommendations if line["product"] not in answers]
    if not lines:
        return {}
    items = [{key: line[key] for key in ("product", "quantity", "price")} for line in lines]
    order: dict[str, Any] = {"items": items, "totalAmount": total_amount(items)}
    if chosen:
        order["orderId"] = f"SO-{activity_id}"
    return order


def total_amount(items: list[dict]) -> float:
    """Sum of quantity times price, to the cent; lines without a price count nothing."""
    return to_the_cent(sum((amount(item["quantity"], item["price"]) for item in items), Decimal(0)))
