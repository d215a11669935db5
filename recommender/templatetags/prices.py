"""How the admin's pages write prices of a unit."""

from decimal import Decimal

from django import template

from recommender.wording import unit_price
from salesai.tables import NOTHING

register = template.Library()


@register.filter
def price(amount: float | Decimal | None) -> str:
    return NOTHING if amount is None else unit_price(amount)
