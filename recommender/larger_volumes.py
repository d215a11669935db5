"""What a client could take more of at once: as much as others do that buy the same product regularly."""

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from recommender.cases import Case
from recommender.engine.history import positions_in
from recommender.engine.volumes import REGULAR
from recommender.items import Item
from recommender.money import amount
from recommender.outcomes import answered
from recommender.terms import Terms, demand_factor, price_before_discount, price_of, sold_units


@dataclass(frozen=True, slots=True)
class LargerVolume:
    """More of a product of the client's own, in one order.

    item             how probable it is that the client takes so much; fewer units are no upgrade
    replaced         the same product as the client buys it now
    units, price     what the client takes now, as it is sold and priced
    units_wanted     what `takers` of the `buyers` that buy it regularly take at once, or more
    """

    item: Item
    replaced: Item
    units: int
    price: float
    units_wanted: float
    takers: int
    buyers: int

    def uplift(self, terms: Terms) -> Decimal:
        """Money more per order."""
        return amount(terms.quantity, terms.price) - amount(self.units, self.price)


def larger_volumes_of(case: Case) -> dict[str, LargerVolume]:
    """By product id, of what the client buys regularly and for a known price, where others take more at once."""
    market = case.request.market
    regular = [item for item in case.own.values() if item.orders >= REGULAR and price_before_discount(item, market)]
    codes = positions_in(case.model.knowledge.products, np.array([item.product for item in regular], str))
    found = {}
    for item, code in zip(regular, codes.tolist(), strict=True):
        if code >= 0:
            volume = larger_volume(item, code, case)
            found |= {item.product: volume} if volume else {}
    return found


def larger_volume(item: Item, code: int, case: Case) -> LargerVolume | None:
    volumes, market = case.model.volumes, case.request.market
    wanted = float(volumes.step(code, item.typical_quantity))
    if wanted != wanted:
        return None
    factor = demand_factor(item, market)
    units, larger = sold_units(item, item.typical_quantity * factor), sold_units(item, wanted * factor)
    if larger <= units:
        return None
    of_so_many = replace(
        item,
        probability=round(item.probability * volumes.rate, 4),
        ranking_weight=item.ranking_weight * volumes.rate,
        least_quantity=larger,
    )
    answer = case.request.outcomes.volumes.get(item.product)
    if answer and not item.held_back:
        of_so_many = replace(of_so_many, **answered(answer, of_so_many.probability, case.now))
    price, _ = price_of(item, market)
    if amount(larger, price) <= amount(units, price):  # for nothing, or next to it
        return None
    return LargerVolume(of_so_many, item, units, price, wanted, int(volumes.takers[code]), int(volumes.buyers[code]))
