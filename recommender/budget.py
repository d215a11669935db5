"""Keeping the lines of a list within a budget."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from recommender.money import amount, exact, whole_cents
from recommender.terms import Line, Terms, packs_up


def within_budget(lines: Iterable[Line], budget: float, limit: int) -> tuple[list[Line], int]:
    """(at most `limit` lines whose total stays within the budget, how many were too dear).

    Best value first, which is the order that the lines come in: each gets its smallest quantity if
    what is left pays for that. What is left after the last line then buys quantities back, in the
    same order; so quantities are cut before lines.
    """
    left = whole_cents(budget)
    kept: list[tuple[Line, int]] = []
    too_dear = 0
    for item, terms in lines:
        if len(kept) == limit:
            break
        smallest = min(packs_up(item.min_order_quantity, item.pack_size), terms.quantity)
        cost = amount(smallest, terms.price)
        if cost > left:
            too_dear += 1
        else:
            left -= cost
            kept.append(((item, terms), smallest))
    return bought_back(kept, left), too_dear


def bought_back(kept: list[tuple[Line, int]], left: Decimal) -> list[Line]:
    """`kept`: lines with the quantity that is paid for; `left`: what remains for more."""
    bought = []
    for (item, terms), quantity in kept:
        room = terms.quantity - quantity
        if terms.price:
            room = min(room, int(left / (exact(terms.price) * item.pack_size)) * item.pack_size)
            left -= amount(room, terms.price)
        bought.append((item, cut_to(terms, quantity + room)))
    return bought


def cut_to(terms: Terms, quantity: int) -> Terms:
    if quantity == terms.quantity:
        return terms
    note = f"Cut from {terms.quantity} to {quantity} by the budget."
    return replace(terms, quantity=quantity, notes=(*terms.notes, note))
