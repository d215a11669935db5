"""From judged items to the list that is shown: what may stand on it, in which order, how much of it."""

from collections import Counter
from dataclasses import dataclass, field, replace

from recommender.items import Item
from recommender.requests import SuggestionRequest
from recommender.terms import Terms, terms_of

PREFERRED_BOOST = 1.5


@dataclass(slots=True)
class Listing:
    """The lines chosen, and how many items were left out for which reason."""

    lines: list[tuple[Item, Terms]] = field(default_factory=list)
    left_out: Counter = field(default_factory=Counter)


def make_listing(items: list[tuple[Item, float]], request: SuggestionRequest) -> Listing:
    """The best of `items` ((item, units wanted)) that the request allows, most probable first."""
    listing = Listing()
    allowed: list[tuple[Item, Terms]] = []
    for item, units in items:
        if reason := refusal(item, request):
            listing.left_out[reason] += 1
        elif (terms := terms_of(item, request, units)) is None:
            listing.left_out["out of stock"] += 1
        else:
            allowed.append((item, terms))
    listing.lines = within_budget(ranked(allowed, request)[: request.limit], request.preferences.get("budget"), listing)
    return listing


def refusal(item: Item, request: SuggestionRequest) -> str:
    """Why an item may not be suggested; empty where it may."""
    wishes = request.preferences
    if not item.is_active:
        return "no longer sold"
    if item.product in request.market.get("discontinued", ()):
        return "discontinued"
    if item.held_back:
        return "rejected by the client and held back"
    if item.product in wishes.get("excludeProducts", ()):
        return "excluded"
    if item.category in wishes.get("excludeCategories", ()):
        return "in an excluded category"
    if wishes.get("onlyCategories") and item.category not in wishes["onlyCategories"]:
        return "outside the categories asked for"
    if item.is_new and not wishes.get("includeNewProducts", True):
        return "new to the client"
    if item.probability < request.parameters.get("minConfidence", 0):
        return "below the confidence asked for"
    return ""


def ranked(lines: list[tuple[Item, Terms]], request: SuggestionRequest) -> list[tuple[Item, Terms]]:
    """Most probable first, ties by product id; former answers, preferred categories and diversity re-rank.

    With diversity d each further product of a category counts (1 - d) times the one before: maximal
    marginal relevance (Carbonell & Goldstein, SIGIR 1998) with "same category" as the similarity.
    """
    preferred = set(request.preferences.get("preferredCategories", ()))
    weight = {
        line[0].product: round(line[0].ranking_weight * (PREFERRED_BOOST if line[0].category in preferred else 1), 6)
        for line in lines
    }
    waiting = sorted(lines, key=lambda line: (-weight[line[0].product], line[0].product))
    diversity = request.parameters.get("diversity", 0)
    if not diversity:
        return waiting
    chosen: list[tuple[Item, Terms]] = []
    seen: Counter = Counter()
    while waiting and len(chosen) < request.limit:
        best = max(
            waiting, key=lambda line: round(weight[line[0].product] * (1 - diversity) ** seen[line[0].category], 6)
        )
        waiting.remove(best)
        chosen.append(best)
        seen[best[0].category] += 1
    return chosen


def within_budget(lines: list[tuple[Item, Terms]], budget: float | None, listing: Listing) -> list[tuple[Item, Terms]]:
    """Lines whose total stays within the budget: quantities are cut before lines.

    First every line is cut to its smallest quantity; what is left of the budget then buys lines back,
    most probable first. A line that does not fit at its smallest is left out.
    """
    if budget is None:
        return lines
    left = budget
    kept: list[tuple[Item, Terms, int]] = []
    for item, terms in lines:
        smallest = smallest_quantity(item)
        cost = (terms.price or 0) * min(smallest, terms.quantity)
        if cost > left + 1e-9:
            listing.left_out["over the budget"] += 1
        else:
            left -= cost
            kept.append((item, terms, min(smallest, terms.quantity)))
    bought = []
    for item, terms, quantity in kept:
        step = item.facts.pack_size if item.facts else 1
        room = terms.quantity - quantity
        if terms.price:
            room = min(room, int((left + 1e-9) / (terms.price * step)) * step)
            left -= room * terms.price
        bought.append((item, replace(terms, quantity=quantity + room)))
    return bought


def smallest_quantity(item: Item) -> int:
    if item.facts is None:
        return 1
    packs = -(-item.facts.min_order_quantity // item.facts.pack_size)
    return packs * item.facts.pack_size
