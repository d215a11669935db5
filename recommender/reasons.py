"""Why a product is suggested: sentences a rep can read out, from figures that the orders hold.

What is said of the client is of its orders before the moment of judgement; what is said of other
clients is of the orders that the model was trained on.
"""

from dataclasses import replace

import numpy as np

from recommender.cases import Case
from recommender.engine.history import positions_in
from recommender.engine.volumes import REGULAR
from recommender.items import Item
from recommender.judged import recent_buyers
from recommender.larger_volumes import LargerVolume
from recommender.requests import CROSS_SELL, UPSELL
from recommender.seasons import SEASON_DAYS, Season
from recommender.terms import Terms, demand_factor
from recommender.upgrades import Upgrade
from recommender.wording import ago, counted, every, units


def reason_of(
    item: Item, terms: Terms, case: Case, season: Season | None, upgrade: Upgrade | LargerVolume | None
) -> str:
    if isinstance(upgrade, LargerVolume):
        said = [more_at_once(upgrade, case)]
    elif upgrade:
        said = [instead_of(upgrade, terms, case)]
    elif item.is_new:
        said = [from_others(item, case)]
    else:
        said = [from_own_orders(item)]
    if season:
        said.append(from_season(season))
    return " ".join([*said, *terms.notes])


def from_own_orders(item: Item) -> str:
    sentence = f"Ordered in {item.orders} of {counted(item.orders_since_first, 'order')} since the first time"
    if item.gap_days:
        sentence += f", lately {every(item.gap_days)}"
    sentence += f"; last {ago(item.days_ago)}."
    return f"Takes the place of {item.stands_for.name}, no longer sold. {sentence}" if item.stands_for else sentence


def from_others(item: Item, case: Case) -> str:
    if item.goes_with and item.buyers_of_both:
        name = case.items.named(item.goes_with).name
        return f"Never ordered here; goes with {name}: {taken_by(item.buyers_of_both, item.buyers_of_other)}."
    if not item.recent_buyers:
        item = among_all_clients(item, case)
    if item.recent_buyers:
        return f"Never ordered here; {bought_lately(item, case)}."
    return "Never ordered here; clients with similar orders buy it."


def among_all_clients(item: Item, case: Case) -> Item:
    """A new one, with the buyers of all segments."""
    everyone = recent_buyers(case.model, "")
    [code] = positions_in(case.model.knowledge.products, np.array([item.product]))
    return replace(item, recent_buyers=everyone.of_product[code], recent_clients=everyone.clients, popular_in="")


def instead_of(upgrade: Upgrade, terms: Terms, case: Case) -> str:
    item, replaced = upgrade.item, upgrade.replaced
    size = f", in packs of {item.pack_size} and not {replaced.pack_size}" if upgrade.is_larger_pack else ""
    sentence = f"Instead of {units(upgrade.units_replaced(terms))} {replaced.name} at {upgrade.price:.15g}{size}; "
    if upgrade.buyers_of_both:
        sentence += taken_by(upgrade.buyers_of_both, upgrade.buyers)
    else:
        sentence += bought_lately(item, case)
    return sentence + ("." if item.category else "; category made from orders.")


def more_at_once(upgrade: LargerVolume, case: Case) -> str:
    factor = demand_factor(upgrade.item, case.request.market)
    # It is in the units suggested and in those they are instead of, and not in what others take.
    without = "" if factor == 1 else f", before the demand factor of {factor:.15g}"
    return (
        f"Instead of {units(upgrade.units)} {upgrade.item.name} at {upgrade.price:.15g}; {upgrade.takers} of the "
        f"{counted(upgrade.buyers, 'client')} that ordered it {REGULAR} times or more usually take "
        f"{units(upgrade.units_wanted)} or more at once{without}."
    )


def taken_by(both: int, buyers: int) -> str:
    """Of the product just named."""
    return f"{both} of the {counted(buyers, 'client')} that bought it bought this too"


def bought_lately(item: Item, case: Case) -> str:
    where = f" of the segment {item.popular_in}" if item.popular_in else ""
    since = case.version.parameters.get("popularSince")
    when = f"from {since} to {case.version.data_until:%Y-%m-%d}" if since else "lately"
    return f"bought {when} by {item.recent_buyers} of the {counted(item.recent_clients, 'client')}{where} ordering then"


def from_season(season: Season) -> str:
    return (
        f"Seasonal: {season.with_product} of its {season.product_orders} orders fell within {SEASON_DAYS} days of "
        f"this time of the year, as did {season.of_client} of all {counted(season.client_orders, 'order')}."
    )


def category_of(item: Item, case: Case, season: Season | None) -> str:
    if case.request.purpose in (CROSS_SELL, UPSELL):
        return case.request.purpose
    if item.is_new:
        return "new-product"
    return "seasonal" if season else "frequent-buy"
