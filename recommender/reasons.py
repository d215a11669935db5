"""Why a product is suggested: one sentence a rep can read out, from the client's own figures."""

from recommender.items import Item
from recommender.requests import CROSS_SELL, UPSELL, SuggestionRequest
from recommender.terms import Terms

RECENT_DAYS = 90


def reason_of(item: Item, terms: Terms, request: SuggestionRequest, names: dict[str, str]) -> str:
    """`names`: product id to name, of the products that `goes_with` may name."""
    sentence = from_own_orders(item) if not item.is_new else from_others(item, names)
    return " ".join([sentence, *terms.notes])


def from_own_orders(item: Item) -> str:
    sentence = f"Ordered in {item.orders} of {counted(item.orders_since_first, 'order')} since the first time"
    if item.gap_days:
        sentence += f", lately every {days(item.gap_days)}"
    return f"{sentence}; last {days(item.days_since)} ago."


def from_others(item: Item, names: dict[str, str]) -> str:
    if item.goes_with and item.buyers_of_both:
        return (
            f"Never ordered here; {item.buyers_of_both} of the {counted(item.buyers_of_other, 'client')} "
            f"that buy {names.get(item.goes_with, item.goes_with)}, as this one does, buy it too."
        )
    if item.recent_buyers:
        where = f" in the segment {item.popular_in}" if item.popular_in else ""
        return (
            f"Never ordered here; {item.recent_buyers} of {counted(item.recent_clients, 'active client')}{where} "
            f"bought it within the last {RECENT_DAYS} days."
        )
    return "Never ordered here; clients with similar orders buy it."


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def days(number: float | None) -> str:
    return counted(max(0, round(number or 0)), "day")


def category_of(item: Item, request: SuggestionRequest, seasonal: bool) -> str:
    if request.purpose in (CROSS_SELL, UPSELL):
        return request.purpose
    if item.is_new:
        return "new-product"
    return "seasonal" if seasonal else "frequent-buy"
