"""The products, from catalogue.csv, and when some of them came or went."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from recommender.loading.rows import ProductRow

FILE = Path(__file__).with_name("catalogue.csv")

# Demand as a share of an average month, January first.
SEASONS = {
    "even": [1.0] * 12,
    "spring": [0.1, 0.1, 0.5, 2.6, 3.2, 1.4, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05],
    "summer": [0.3, 0.3, 0.6, 1.0, 1.6, 2.2, 2.4, 2.2, 1.2, 0.6, 0.3, 0.3],
    "autumn": [0.3, 0.2, 0.2, 0.1, 0.1, 0.1, 0.2, 0.5, 2.0, 3.0, 2.0, 0.8],
    "winter": [1.6, 1.5, 1.2, 0.9, 0.6, 0.5, 0.4, 0.4, 0.8, 1.1, 1.4, 1.6],
    "christmas": [0.1, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.05, 0.4, 2.4, 4.5],
}
# Kinds of kitchen and counter: what goes together across categories.
THEMES = ("italian", "asian", "grill", "seafood", "brunch", "bakery", "bar", "vegan")
# How long a delivery lasts a client, roughly.
TURN_DAYS = {
    "Coffee & tea": 18,
    "Dairy & eggs": 8,
    "Cheese": 12,
    "Bakery": 9,
    "Pasta, rice & flour": 24,
    "Oils & sauces": 28,
    "Tins & preserves": 26,
    "Meat & poultry": 8,
    "Fish & seafood": 9,
    "Fruit & vegetables": 7,
    "Frozen & ice cream": 18,
    "Soft drinks & juice": 14,
    "Beer & cider": 12,
    "Wine & spirits": 24,
    "Snacks & sweets": 16,
    "Cleaning & paper": 35,
}
CATEGORIES = tuple(TURN_DAYS)
REPLACED, DROPPED, LAUNCHED = 8, 4, 10


@dataclass(frozen=True)
class Catalogue:
    """P products of I items, each item in two sizes: products 2i and 2i + 1, the smaller first.

    item, category             (P,) int    category is a position in CATEGORIES
    price                      (P,) float  list price of today
    pack_size                  (P,) int    units in a case
    by_weight                  (P,) bool   sold in kilograms, not whole units
    themes                     (P, T) bool positions in THEMES; a row without any is of use to everyone
    season                     (P, 12)     demand by month as a share of an average month
    turn_days                  (P,) float
    popularity, yearly_growth  (P,) float
    launched, gone             (P,) float  first day on sale, and the day after the last
    replaced_by                (P,) int    the product that came in its place, -1 for none
    """

    rows: list[ProductRow]
    item: np.ndarray
    category: np.ndarray
    price: np.ndarray
    pack_size: np.ndarray
    by_weight: np.ndarray
    themes: np.ndarray
    season: np.ndarray
    turn_days: np.ndarray
    popularity: np.ndarray
    yearly_growth: np.ndarray
    launched: np.ndarray
    gone: np.ndarray
    replaced_by: np.ndarray


def read_catalogue(random: np.random.Generator, days: int) -> Catalogue:
    """The products of catalogue.csv, with fates over a history of that many days."""
    table = pl.read_csv(FILE)
    count = len(table)
    item = np.arange(count) // 2
    launched, gone, replaced_by = _fates(item, table["category"].to_numpy(), random, days)
    return Catalogue(
        rows=_rows(table, np.isfinite(gone), replaced_by),
        item=item,
        category=np.array([CATEGORIES.index(name) for name in table["category"]]),
        price=table["list_price"].to_numpy(),
        pack_size=table["pack_size"].to_numpy(),
        by_weight=(table["unit"] == "kg").to_numpy(),
        themes=np.array([[theme in (named or "").split() for theme in THEMES] for named in table["themes"]]),
        season=np.array([SEASONS[name] for name in table["season"]]),
        turn_days=np.array([TURN_DAYS[name] for name in table["category"]], float),
        popularity=random.lognormal(0, 0.8, item.max() + 1)[item],
        yearly_growth=random.lognormal(0, 0.15, item.max() + 1)[item],
        launched=launched,
        gone=gone,
        replaced_by=replaced_by,
    )


def _fates(
    item: np.ndarray, category: np.ndarray, random: np.random.Generator, days: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Some products are replaced by the same size of the next item, some dropped, some new."""
    count = len(item)
    launched, gone = np.full(count, -np.inf), np.full(count, np.inf)
    replaced_by = np.full(count, -1)
    has_next = np.flatnonzero(category[:-2] == category[2:])
    # Every fourth at most, so that what replaces a product does not go itself.
    replaced = random.choice(has_next[has_next % 4 == 0], REPLACED, replace=False)
    replaced_by[replaced] = replaced + 2
    others = np.flatnonzero(np.arange(count) % 4 == 1)
    dropped, new = np.split(random.choice(others, DROPPED + LAUNCHED, replace=False), [DROPPED])
    gone[replaced] = days * random.uniform(0.4, 0.85, REPLACED)
    gone[dropped] = days * random.uniform(0.3, 0.9, DROPPED)
    launched[new] = days * random.uniform(0.5, 0.85, LAUNCHED)
    return launched, gone, replaced_by


def _rows(table: pl.DataFrame, inactive: np.ndarray, replaced_by: np.ndarray) -> list[ProductRow]:
    ids = table["product"].to_list()
    return [
        {
            "external_id": row["product"],
            "name": row["name"],
            "category": row["category"],
            "list_price": row["list_price"],
            "unit": row["unit"],
            "pack_size": row["pack_size"],
            "active": not gone,
            "replaced_by": ids[other] if other >= 0 else None,
        }
        for row, gone, other in zip(table.iter_rows(named=True), inactive, replaced_by, strict=True)
    ]
