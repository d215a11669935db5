"""What an activity brings along."""

from datetime import date, timedelta
from typing import Any


def orders_before(
    day: date, days_ago: list[int] | range, *items: tuple[str, float, float | None]
) -> list[dict[str, Any]]:
    """An order of the items (product, quantity, price) so many days before that day, on each of the days."""
    lines = [{"product": product, "quantity": quantity, "price": price} for product, quantity, price in items]
    return [{"date": f"{day - timedelta(days=days)}T00:00:00Z", "items": lines} for days in days_ago]
