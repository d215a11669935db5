"""Products that are no longer sold give their place to what the catalogue says replaces them."""

from dataclasses import replace

from recommender.cases import Case
from recommender.items import Chosen, Item
from recommender.requests import SuggestionRequest


def with_successors(chosen: Chosen, case: Case) -> Chosen:
    """`chosen` with each product of the client's own that is not sold any more replaced by its successor.

    The successor has the figures of what it stands for, but its own packs and prices. One that the
    client buys already takes nobody's place: it is judged by its own orders.
    """
    heirs: dict[str, tuple[Item, float]] = {}
    for item, units in chosen:
        if gives_way(item, case.request) and item.facts.replaced_by.product not in case.own:
            heirs.setdefault(item.facts.replaced_by.product, (successor_of(item), units))
    gone = heirs.keys() | {heir.stands_for.product for heir, _ in heirs.values()}
    return [line for line in chosen if line[0].product not in gone] + list(heirs.values())


def gives_way(item: Item, request: SuggestionRequest) -> bool:
    is_sold = item.is_active and item.product not in request.market.get("discontinued", ())
    return not item.is_new and not is_sold and item.facts is not None and item.facts.replaced_by is not None


def successor_of(item: Item) -> Item:
    heir = item.facts.replaced_by
    price = item.usual_price if heir.list_price is None else heir.list_price
    return replace(item, product=heir.product, facts=heir, usual_price=price, stands_for=item)
