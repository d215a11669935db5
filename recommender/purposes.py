"""Which of a client's judged products each activity type shows, and how many units of each."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from heapq import merge

from recommender.cases import Case
from recommender.engine.companions import companion_among
from recommender.items import GIVEN_UP, Item
from recommender.larger_volumes import LargerVolume, larger_volumes_of
from recommender.listing import Rank, is_wanted, ranked
from recommender.requests import CROSS_SELL, DEMAND_FORECASTING, ORDER_ANALYSIS, RECOMMENDATION, UPSELL
from recommender.successors import successions, with_successors
from recommender.terms import demand_factor
from recommender.upgrades import Upgrade, upgrades_of

LEAST_EXPECTED = 0.005  # units; less is shown as none


@dataclass(frozen=True, slots=True)
class Choice:
    """What the activity type could show, best first, and how many judged products it could not for which reason."""

    chosen: Iterable[tuple[Item, float]]
    left_out: Counter
    upgrades: dict[str, Upgrade | LargerVolume] = field(default_factory=dict)


def choose(case: Case) -> Choice:
    return CHOOSE[case.request.purpose](case)


def next_basket(case: Case) -> Choice:
    """Repeats and discoveries together."""
    heirs, gone = successions(case.items.own_replaced(), case)
    rank = Rank(case.request)
    # Preferences apart, the items stand in their order already: of hundreds the first few will do.
    items = sorted(case.items, key=rank.of) if rank.preferred else case.items.best_first()
    best = merge((item for item in items if item.product not in gone), sorted(heirs, key=rank.of), key=rank.of)
    return Choice(((item, item.typical_quantity) for item in best), Counter())


def overdue_reorders(case: Case) -> Choice:
    """What the client buys regularly and has not bought for longer than usual, but has not given up either."""
    chosen = [(item, item.typical_quantity) for item in case.items.overdue()]
    left_out = Counter(why_not_overdue(item) for item in case.items if not item.is_overdue)
    return Choice(ranked(with_successors(chosen, case), case.request), left_out)


def why_not_overdue(item: Item) -> str:
    if item.is_new:
        return "never bought"
    if not item.is_regular:
        return "bought too seldom to tell"
    return "not due yet" if item.overdue < 1 else f"given up ({GIVEN_UP} intervals and more)"


def expected_demand(case: Case) -> Choice:
    """What the client buys, with the units it will need over the horizon, where that is more than nothing."""
    expected = case.demand.expected()
    own = with_successors([(item, expected[item.product]) for item in case.own.values()], case)
    chosen = [(item, units) for item, units in own if is_needed(item, units, case)]
    left_out = Counter(
        {"never bought": len(case.items) - len(case.own), "not expected to be needed": len(own) - len(chosen)}
    )
    return Choice(ranked(chosen, case.request), left_out)


def is_needed(item: Item, units: float, case: Case) -> bool:
    # What has no demand at all is left out with that as the reason.
    return units * (demand_factor(item, case.request.market) or 1) >= LEAST_EXPECTED


def companions(case: Case) -> Choice:
    """Products new to the client that go with one it buys and can go on buying."""
    wanted = [other for other in case.own.values() if is_wanted(other, case.request)]
    paired = {item.product: with_companion(item, wanted, case) for item in case.items if item.is_new}
    chosen = [(item, item.typical_quantity) for item in paired.values() if item]
    left_out = Counter(
        "going with nothing that the client buys" if item.is_new else "bought already"
        for item in case.items
        if not paired.get(item.product)
    )
    return Choice(ranked(chosen, case.request), left_out)


def with_companion(item: Item, wanted: list[Item], case: Case) -> Item | None:
    """The item going with the one of `wanted`, of the client's own, that points to it most; None where none does."""
    if item.goes_with is None or is_wanted(case.items.named(item.goes_with), case.request):
        return item if item.buyers_of_both else None
    own, orders = [other.product for other in wanted], [other.orders for other in wanted]
    found = companion_among(own, orders, item.product, case.model.knowledge)
    if found is None:
        return None
    companion, both, buyers = found
    return replace(item, goes_with=companion, buyers_of_both=both, buyers_of_other=buyers)


def upgrades(case: Case) -> Choice:
    """Dearer products and larger packs in place of what the client buys, and more of it at once."""
    found = upgrades_of(case) | larger_volumes_of(case)
    chosen = [(upgrade.item, upgrade.units_wanted) for upgrade in found.values()]
    left_out = Counter(
        "no upgrade of what the client buys" if item.is_new else "no larger volume to suggest"
        for item in case.items
        if item.product not in found
    )
    return Choice(ranked(chosen, case.request), left_out, found)


CHOOSE: dict[str, Callable[[Case], Choice]] = {
    RECOMMENDATION: next_basket,
    ORDER_ANALYSIS: overdue_reorders,
    DEMAND_FORECASTING: expected_demand,
    CROSS_SELL: companions,
    UPSELL: upgrades,
}
