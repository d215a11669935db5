"""One product judged for one client: everything a line of the answer is made from."""

from dataclasses import dataclass

from recommender.models import Product


@dataclass(slots=True)
class Item:
    """`days_since` is None for a product never bought, `gap_days` also for one bought once.

    ranking_weight    what lists are sorted by: the probability, moved by what reps have answered
    held_back         rejected so lately that it may not be listed
    gap_days          median of the last five intervals between purchases
    typical_quantity  units in one of the client's recent orders; for a new product in anyone's
    usual_price       what the client paid last; for a new product the median paid; None where not known
    goes_with         a product of the client's own, bought by `buyers_of_other` clients of whom
                      `buyers_of_both` buy this one too
    recent_buyers     of `recent_clients` clients (of the segment, where there is one) who bought lately
    """

    product: str
    facts: Product | None
    probability: float
    ranking_weight: float
    held_back: bool
    is_new: bool
    orders: int
    client_orders: int
    orders_since_first: int
    days_since: float | None
    gap_days: float | None
    typical_quantity: float
    usual_price: float | None
    goes_with: str | None
    buyers_of_both: int
    buyers_of_other: int
    recent_buyers: int
    recent_clients: int
    popular_in: str

    @property
    def name(self) -> str:
        return str(self.facts) if self.facts else self.product

    @property
    def category(self) -> str:
        return self.facts.category if self.facts else ""

    @property
    def is_active(self) -> bool:
        return self.facts is None or self.facts.active

    @property
    def overdue(self) -> float:
        """Days since the last purchase as a multiple of the usual interval; 0 where there is none."""
        if self.days_since is None or not self.gap_days:
            return 0.0
        return self.days_since / self.gap_days
