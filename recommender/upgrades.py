"""What a client could buy instead of what it buys: dearer products, and larger sizes and packs."""

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np

from recommender.cases import Case
from recommender.engine.history import positions_in
from recommender.engine.knowledge import Knowledge
from recommender.items import GIVEN_UP, Item
from recommender.listing import is_wanted
from recommender.money import amount
from recommender.requests import SuggestionRequest
from recommender.terms import Terms, demand_factor, price_before_discount, price_of, sold_units, terms_of

# Beyond that a product of another name is another thing, not a better one.
DEARER_AT_MOST = 2
MORE_AT_MOST = 1.5  # times the units of what it replaces
LATELY_DAYS = 180  # before the client's last order
ALIKE = 0.5  # share of the words of both names that stand in both
WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A new product instead of one that the client buys.

    units, price     what the client takes of `replaced` in an order, as it is sold and priced now
    buyers_of_both   of `buyers` clients that buy `replaced`
    """

    item: Item
    replaced: Item
    units: int
    price: float
    buyers_of_both: int
    buyers: int

    @property
    def units_wanted(self) -> float:
        """As many as other clients take, and no more than the client takes of what it has now."""
        return min(self.item.others_quantity, self.replaced.typical_quantity)

    @property
    def is_larger_pack(self) -> bool:
        return self.item.pack_size > self.replaced.pack_size

    def units_replaced(self, terms: Terms) -> float:
        """Where stock or budget cut the quantity, the same share of what is replaced."""
        return round(self.units * terms.quantity / terms.wanted, 3)

    def uplift(self, terms: Terms) -> Decimal:
        """Money more per order, at the quantity of `terms`."""
        return amount(terms.quantity, terms.price) - amount(self.units_replaced(terms), self.price)


def upgrades_of(case: Case) -> dict[str, Upgrade]:
    """By product id, the best replacement that each product new to the client would make, where there is one."""
    own, market = defaultdict(list), case.request.market
    for other in case.own.values():
        if other.kind and price_before_discount(other, market) and is_bought(other, case):
            own[other.kind].append(other)
    found = {}
    for item in case.items:
        alternatives = [
            upgrade
            for other in (own[item.kind] if item.is_new and price_before_discount(item, market) else ())
            if is_step_up(item, other, market)
            for upgrade in taken_up(item, other, case)
        ]
        if alternatives:
            found[item.product] = max(alternatives, key=preference)
    return found


def is_bought(item: Item, case: Case) -> bool:
    """Whether it is still sold and wanted, and the client has bought it lately or comes back to it regularly."""
    last_order = case.now - case.history.order_day[-1]
    lately = item.days_since - last_order <= LATELY_DAYS or (item.is_regular and item.overdue < GIVEN_UP)
    return lately and is_wanted(item, case.request)


def is_step_up(item: Item, other: Item, market: dict[str, Any]) -> bool:
    alike = have_like_names(item, other)
    ratio = times_as_dear(item, other, market)
    if ratio > 1:
        return alike or ratio <= DEARER_AT_MOST
    # Far cheaper by the unit, it is a smaller thing in larger packs.
    return alike and item.pack_size > other.pack_size and ratio >= 1 / DEARER_AT_MOST


def times_as_dear(item: Item, other: Item, market: dict[str, Any]) -> float:
    """By list prices where both have one and the market names neither's, else by those that count for the client."""
    # Its terms for what it buys are none for what it does not buy yet; and a promotion makes nothing another thing.
    prices = [one.facts and one.facts.list_price for one in (item, other)]
    if not all(prices) or market.get("prices", {}).keys() & {item.product, other.product}:
        prices = [price_before_discount(one, market) for one in (item, other)]
    return prices[0] / prices[1]


def taken_up(item: Item, other: Item, case: Case) -> list[Upgrade]:
    """The upgrade, if clients alike have taken it up, it brings more money and its packs are not too much.

    Clients alike are those that bought what it replaces; for another size of the same thing, which
    fewer ever buy beside it, the client's segment.
    """
    both, buyers = buyers_of(item.product, other.product, case.model.knowledge)
    if not both and not (item.recent_buyers and have_like_names(item, other)):
        return []
    market = case.request.market
    units = sold_units(other, other.typical_quantity * demand_factor(other, market))
    upgrade = Upgrade(item, other, units, price_of(other, market)[0], both, buyers)
    return [upgrade] if is_no_more(upgrade) and brings_more(upgrade, case.request) else []


def is_no_more(upgrade: Upgrade) -> bool:
    """Whether packs and minimums leave the units about what the client takes; larger packs of the same may be more."""
    least, own = sold_units(upgrade.item, upgrade.units_wanted), upgrade.replaced.typical_quantity
    return least <= MORE_AT_MOST * own or have_like_names(upgrade.item, upgrade.replaced)


def brings_more(upgrade: Upgrade, request: SuggestionRequest) -> bool:
    terms = terms_of(upgrade.item, request, upgrade.units_wanted)
    # What cannot be had is no less an upgrade: the list says that it is out of stock.
    return terms is None or upgrade.uplift(terms) > 0


def preference(upgrade: Upgrade) -> tuple:
    """A product of a like name first, then the one that the client buys most often."""
    other = upgrade.replaced
    return have_like_names(upgrade.item, other), other.orders, other.product


def have_like_names(item: Item, other: Item) -> bool:
    words, others = (words_of(one.facts.name) if one.facts else frozenset() for one in (item, other))
    return bool(words and others) and len(words & others) >= ALIKE * len(words | others)


@lru_cache(maxsize=20_000)  # a catalogue; each name is compared with many
def words_of(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in WORD.findall(name))


def buyers_of(product: str, other: str, knowledge: Knowledge) -> tuple[int, int]:
    """(clients that bought both, clients that bought `other`), (0, 0) for products the model does not know as near."""
    code, other_code = positions_in(knowledge.products, np.array([product, other])).tolist()
    if code < 0 or other_code < 0:
        return 0, 0
    both, buyers = knowledge.share_of_buyers(code, other_code)
    # Neighbours are kept per product: the pair may stand under the one and not under the other.
    return both or knowledge.share_of_buyers(other_code, code)[0], buyers
