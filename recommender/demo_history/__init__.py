"""Three hundred clients of Hollis & Marsh, a wholesale house for food and drink that does not exist.

The order history is generated, seeded, and made to hold what real ones hold and an engine should
find: reorder cycles, kitchens whose products go together across categories, seasons, trends, price
changes, clients and products that come and go, larger sizes taken up, and returns. Nothing in it is
drawn from real orders.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from django.db import transaction

from recommender.demo_history.catalogue import read_catalogue
from recommender.demo_history.clients import SALES_REPS, invent_clients
from recommender.demo_history.habits import invent_habits
from recommender.demo_history.orders import Period, walk_through
from recommender.loading.merge import merge_clients, merge_order_frames, merge_products, merge_sales_reps
from recommender.loading.rows import ClientRow, ProductRow, SalesRepRow

DAYS = 548  # 18 months: each month of the year is seen, half of them twice
LINES_A_CLIENT = 290  # about


@dataclass(frozen=True)
class DemoHistory:
    """Everything to load; the frames are as `merge_order_frames` takes them."""

    clients: list[ClientRow]
    sales_reps: list[SalesRepRow]
    products: list[ProductRow]
    orders: pl.DataFrame
    lines: pl.DataFrame


def generate(clients: int, seed: int, end: datetime) -> DemoHistory:
    """Invent a history of 18 months, LINES_A_CLIENT on average. The same arguments give the same history.

    Args:
        end: all orders lie before it; a midnight in UTC.
    """
    random = np.random.default_rng(seed)
    catalogue = read_catalogue(random, DAYS)
    clientele = invent_clients(clients, random, DAYS)
    habits = invent_habits(clientele, catalogue, random, DAYS)
    period = Period(end - timedelta(days=DAYS), DAYS)
    orders, lines = walk_through(clientele, catalogue, habits, period, random)
    return DemoHistory(clientele.chains + clientele.rows, SALES_REPS, catalogue.rows, orders, lines)


def load(history: DemoHistory) -> None:
    """Store a history, in one transaction."""
    with transaction.atomic():
        merge_clients(history.clients)
        merge_sales_reps(history.sales_reps)
        merge_products(history.products)
        merge_order_frames(history.orders, history.lines, source="demo")
