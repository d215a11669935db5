"""From judged items to the list that is shown: what may stand on it, in which order, how much of it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from recommender.budget import within_budget
from recommender.items import Chosen, Item
from recommender.requests import SuggestionRequest
from recommender.terms import Line, available_units, demand_factor, terms_of

PREFERRED_BOOST = 1.5


@dataclass(slots=True)
class Listing:
    """The lines chosen, and how many items were left out for which reason."""

    lines: list[Line] = field(default_factory=list)
    left_out: Counter = field(default_factory=Counter)


def make_listing(items: Iterable[tuple[Item, float]], request: SuggestionRequest) -> Listing:
    """The first of `items` ((item, units wanted), best first) that the request allows, diversified where it says so.

    No more items are looked at than the list needs, so `left_out` is whole only where the list is short.
    """
    listing = Listing()
    allowed = allowed_lines(items, request, listing.left_out)
    if request.parameters.get("diversity"):
        allowed = iter(diversified(list(allowed), request))
    budget = request.preferences.get("budget")
    if budget is None:
        listing.lines = list(islice(allowed, request.limit))
    else:
        listing.lines, listing.left_out["over the budget"] = within_budget(allowed, budget, request.limit)
    return listing


def allowed_lines(items: Iterable[tuple[Item, float]], request: SuggestionRequest, left_out: Counter) -> Iterator[Line]:
    for item, units in items:
        if reason := refusal(item, request):
            left_out[reason] += 1
        elif (terms := terms_of(item, request, units)) is None:
            left_out[shortage(item, request)] += 1
        else:
            yield item, terms


def is_discontinued(product: str, request: SuggestionRequest) -> bool:
    return product in request.market.get("discontinued", ())


def is_wanted(item: Item, request: SuggestionRequest) -> bool:
    """Whether it is still sold, and the market has a demand for it."""
    return item.is_active and not is_discontinued(item.product, request) and demand_factor(item, request.market) > 0


def may_be_suggested(item: Item, request: SuggestionRequest) -> bool:
    """Whether nothing that the request says is against it."""
    if refusal(item, request):
        return False
    return item.product not in request.stock or terms_of(item, request, item.typical_quantity) is not None


def shortage(item: Item, request: SuggestionRequest) -> str:
    """Why the stock does not do, where it does not."""
    available, _ = available_units(request.stock[item.product])
    if available < 1:
        return "out of stock"
    if terms_of(replace(item, least_quantity=1), request, 1):
        return "with less in stock than the larger volume"
    return "with less in stock than a pack or the minimum order"


def refusal(item: Item, request: SuggestionRequest) -> str:
    """Why an item may not be suggested; empty where it may."""
    wishes = request.preferences
    if not item.is_active:
        return "no longer sold"
    if is_discontinued(item.product, request):
        return "discontinued"
    if item.held_back:
        return "rejected by the client and held back"
    if item.product in wishes.get("excludeProducts", ()):
        return "excluded"
    if item.category in wishes.get("excludeCategories", ()):
        return "in an excluded category"
    if wishes.get("onlyCategories") and item.category not in wishes["onlyCategories"]:
        return "outside the categories asked for"
    if demand_factor(item, request.market) == 0:
        return "without demand"
    if item.was_returned:
        return "ordered before and sent back"
    if item.is_new and not wishes.get("includeNewProducts", True):
        return "new to the client"
    if item.probability < request.parameters.get("minConfidence", 0):
        return "below the confidence asked for"
    return ""


class Rank:
    """How a list is sorted: most probable first, ties by product id; former answers and preferences re-rank."""

    def __init__(self, request: SuggestionRequest) -> None:
        self.preferred = frozenset(request.preferences.get("preferredCategories", ()))

    def of(self, item: Item) -> tuple[float, str]:
        """Sorts ascending."""
        return -self.weight(item), item.product

    def weight(self, item: Item) -> float:
        return round(item.ranking_weight * (PREFERRED_BOOST if item.category in self.preferred else 1), 6)


def ranked(items: Chosen, request: SuggestionRequest) -> Chosen:
    rank = Rank(request)
    return sorted(items, key=lambda line: rank.of(line[0]))


def diversified(lines: list[Line], request: SuggestionRequest) -> list[Line]:
    """Ranked lines re-ranked so that kinds alternate; as many as the request can show, or all with a budget.

    With diversity d each further product of a category counts (1 - d) times the one before: maximal
    marginal relevance (Carbonell & Goldstein, SIGIR 1998) with "same category" as the similarity.
    """
    rank = Rank(request)
    less = 1 - request.parameters["diversity"]
    count = request.limit if "budget" not in request.preferences else len(lines)
    waiting, chosen, seen = list(lines), [], Counter()
    while waiting and len(chosen) < count:
        best = max(waiting, key=lambda line: round(rank.weight(line[0]) * less ** seen[line[0].kind], 6))
        waiting.remove(best)
        chosen.append(best)
        if best[0].kind:  # what has none is like nothing else
            seen[best[0].kind] += 1
    return chosen
