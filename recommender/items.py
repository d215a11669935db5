"""One product judged for one client: everything a line of the answer is made from."""

from dataclasses import dataclass

from recommender.catalogue import ProductFacts

REGULAR_DAYS = 3  # two intervals: with one, nothing says that it comes again
GIVEN_UP = 6  # intervals without a purchase; what is as long gone is no reorder that was forgotten


@dataclass(slots=True)
class Item:
    """`days_since`, `days_ago` and `days_since_first` are None for a product never bought, `gap_days` also for one
    bought on one day alone.

    days_ago          `days_since` by the calendar, as it is told
    further_purchases expected of a forecast after the first, if there is one
    ranking_weight    what lists are sorted by: the probability, moved by what reps have answered
    held_back         rejected so lately that it may not be listed
    was_returned      the client sent back all that it ordered of it; so it counts as never bought
    purchase_days     with an order of it; several of one day are one occasion
    gap_days          whole days, as they are told: median of the last five intervals between those
    overdue           `days_ago` as a multiple of that; 0 where there is none
    is_overdue        regular, not bought for as long as usual or longer, but not given up either
    orders_in_season  around this time of the year (`seasons`), of any year; of the client's orders
                      `client_orders_in_season`
    typical_quantity  units in one of the client's recent orders; for a new product in anyone's, times how much
                      larger the client's orders are than others'
    others_quantity   units in anyone's order, in the median
    usual_price       what the client paid last; for a new product the median paid; None where not known
    goes_with         a product of the client's own, bought by `buyers_of_other` clients of whom
                      `buyers_of_both` buy this one too
    recent_buyers     of `recent_clients` clients (of the segment, where there is one) who bought lately
    made_category     the category that the model made from orders, for a product that has none; -1 for none
    least_quantity    units below which the suggestion makes no sense
    stands_for        the client's own product, no longer sold, whose place this one takes
    """

    product: str
    facts: ProductFacts | None
    probability: float
    further_purchases: float
    ranking_weight: float
    held_back: bool
    is_new: bool
    was_returned: bool
    orders: int
    client_orders: int
    orders_since_first: int
    orders_in_season: int
    client_orders_in_season: int
    days_since_first: float | None
    days_since: float | None
    days_ago: int | None
    purchase_days: int
    gap_days: float | None
    overdue: float
    is_overdue: bool
    typical_quantity: float
    others_quantity: float
    usual_price: float | None
    goes_with: str | None
    buyers_of_both: int
    buyers_of_other: int
    recent_buyers: int
    recent_clients: int
    popular_in: str
    made_category: int = -1
    least_quantity: int = 1
    stands_for: "Item | None" = None

    @property
    def name(self) -> str:
        return (self.facts and self.facts.name) or self.product

    @property
    def known_as(self) -> str:
        """The id under which the client's orders hold it."""
        return self.stands_for.product if self.stands_for else self.product

    @property
    def category(self) -> str:
        return self.facts.category if self.facts else ""

    @property
    def kind(self) -> str:
        """The category, else the one made from orders; "" where there is neither."""
        return self.category or made_kind(self.made_category)

    @property
    def is_active(self) -> bool:
        return self.facts is None or self.facts.active

    @property
    def is_regular(self) -> bool:
        return self.purchase_days >= REGULAR_DAYS

    @property
    def pack_size(self) -> int:
        return self.facts.pack_size if self.facts else 1

    @property
    def min_order_quantity(self) -> int:
        return max(self.facts.min_order_quantity if self.facts else 1, self.least_quantity)


def made_kind(made: int) -> str:
    """The name of a category that the model made from orders, "" for -1."""
    return f"made from orders: {made}" if made >= 0 else ""


Chosen = list[tuple[Item, float]]
"""Items with the units wanted of them."""
