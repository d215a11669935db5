"""What a client's history says, in figures and plain words. Every history here is of this client alone."""

from itertools import islice
from statistics import median
from typing import Any

import numpy as np

from recommender.cadence import churn_risk, few_orders, ordering_rhythm, rhythm_in_detail
from recommender.cases import Case
from recommender.changes import price_and_quantity_changes
from recommender.listing import Listing, may_be_suggested
from recommender.moments import calendar_days, day_of, moment_of_day
from recommender.requests import ORDER_ANALYSIS
from recommender.rfm_segments import segment_sentence
from recommender.seasons import monthly_shares
from recommender.trends import order_amounts, spend_and_basket_trends
from recommender.wording import ago, counted, listed, money

NAMED = 3
LAST_ORDERS = 5


def insights_of(case: Case, listing: Listing) -> dict[str, Any]:
    """The contract's `insights`; an order analysis goes into detail."""
    return {
        "buyingPatterns": buying_patterns(case),
        "seasonality": monthly_shares(case.history, case.now),
        "riskFactors": risk_factors(case, listing),
        "opportunities": opportunities(case),
    }


def buying_patterns(case: Case) -> list[str]:
    history, now = case.history, case.now
    if not len(history.order_day):
        return []
    said = [whole_history(case), *ordering_rhythm(history)]
    if case.request.purpose == ORDER_ANALYSIS:
        said += rhythm_in_detail(history, now)
        data_until = day_of(case.version.data_until)
        said += segment_sentence(history, now, case.version.parameters.get("rfm"), data_until)
        said += spend_and_basket_trends(history, now)
        said += price_and_quantity_changes(history, now, case.own)
    sizes = np.bincount(history.line_order, minlength=len(history.order_day))
    said.append(f"{counted(round(median(sizes.tolist())), 'product')} an order in the median.")
    return said + recent_spend(case) + favourites(case)


def whole_history(case: Case) -> str:
    day = case.history.order_day
    return (
        f"{counted(len(day), 'order')} since {moment_of_day(day[0]):%Y-%m-%d}; the last on "
        f"{moment_of_day(day[-1]):%Y-%m-%d}, {ago(calendar_days(day[-1], case.now))}."
    )


def recent_spend(case: Case) -> list[str]:
    amounts = order_amounts(case.history)
    priced = amounts[~np.isnan(amounts)][-LAST_ORDERS:]
    if not len(priced):
        return []
    return [f"The last {counted(len(priced), 'fully priced order')} came to {money(priced.mean())} on average."]


def favourites(case: Case) -> list[str]:
    named = listed(f"{item.name} ({counted(item.orders, 'order')})" for item in case.items.most_ordered(NAMED))
    return [f"Bought most often: {named}."]


def risk_factors(case: Case, listing: Listing) -> list[str]:
    said = few_orders(case.history, bool(listing.lines)) + churn_risk(case.history, case.now)
    if len(listing.lines) < case.request.limit:
        said.append(short_list(listing, case.request.limit))
    if "asOf" in case.request.parameters and day_of(case.version.data_until) > case.now:
        said.append(
            f"{case.version.version} answered, which learned from orders up to {case.version.data_until:%Y-%m-%d}: "
            f"it has seen later ones than those before {case.request.parameters['asOf']}."
        )
    return said


def short_list(listing: Listing, limit: int) -> str:
    """Why there are fewer lines than asked for, with a count for every product that was judged and is not there."""
    why = listed(f"{count} {reason}" for reason, count in sorted(listing.left_out.items()))
    return f"{counted(len(listing.lines), 'suggestion')} where {limit} were asked for" + (
        f"; left out: {why}." if why else ": there are no more products to suggest."
    )


def opportunities(case: Case) -> list[str]:
    """Of what may be suggested, whatever the list shows."""
    said = []
    overdue = [item for item in case.items.overdue() if may_be_suggested(item, case.request)]
    if overdue:
        overdue.sort(key=lambda item: (-item.overdue, item.product))
        named = listed(f"{item.name} (last {ago(item.days_ago)})" for item in overdue[:NAMED])
        said.append(f"{counted(len(overdue), 'regular product')} due or overdue: {named}.")
    new = list(islice((item for item in case.items.new() if may_be_suggested(item, case.request)), NAMED))
    if new:
        said.append(f"Not bought yet, but by clients alike: {listed(item.name for item in new)}.")
    return said
