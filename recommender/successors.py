"""Products that are no longer sold give their place to what the catalogue says replaces them."""

from collections.abc import Iterable
from dataclasses import replace

from recommender.cases import Case
from recommender.catalogue import ProductFacts
from recommender.items import Chosen, Item
from recommender.listing import is_discontinued
from recommender.outcomes import answered
from recommender.requests import SuggestionRequest


def with_successors(chosen: Chosen, case: Case) -> Chosen:
    """`chosen` with the successors of what is not sold any more in its place, as many units of them."""
    heirs, gone = successions((item for item, _ in chosen), case)
    units = {item.product: wanted for item, wanted in chosen}
    return [line for line in chosen if line[0].product not in gone] + [
        (heir, units[heir.stands_for.product]) for heir in heirs
    ]


def successions(items: Iterable[Item], case: Case) -> tuple[list[Item], set[str]]:
    """(successors of those of `items` that are the client's own and not sold any more, what gives way to them).

    A successor has the figures of what it stands for, but its own packs and prices, and what was last
    answered to it. One that the client buys already takes nobody's place: it is judged by its own orders.
    Of several with the same successor it stands for the most probable.
    """
    heirs: dict[str, Item] = {}
    for item in sorted(items, key=lambda item: -item.probability):
        heir = heir_of(item, case.request)
        if heir and heir.product not in case.items.own_products:
            heirs.setdefault(heir.product, in_place_of(item, heir, case))
    return list(heirs.values()), heirs.keys() | {heir.stands_for.product for heir in heirs.values()}


def heir_of(item: Item, request: SuggestionRequest) -> ProductFacts | None:
    """What takes the place of the client's own product that is not sold: the first in the line that is, else the last.

    None where it is sold, or has no successor.
    """
    if item.is_new or item.facts is None or is_sold(item.facts, request):
        return None
    line = item.facts.successors
    return next((heir for heir in line if is_sold(heir, request)), line[-1] if line else None)


def is_sold(facts: ProductFacts, request: SuggestionRequest) -> bool:
    return facts.active and not is_discontinued(facts.product, request)


def in_place_of(item: Item, heir: ProductFacts, case: Case) -> Item:
    successor = replace(
        item, product=heir.product, facts=heir, usual_price=heir.list_price or item.usual_price, stands_for=item,
        was_returned=heir.product in case.items.returned,
    )  # fmt: skip
    answer = case.request.outcomes.products.get(heir.product)
    return replace(successor, **answered(answer, item.probability, case.now)) if answer else successor
