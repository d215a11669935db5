"""What all clients together take of each product a week, and what sort of series that makes."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.history import OrderHistory

DAYS_A_WEEK = 7
WEEKS_AT_MOST = 156  # three years; what is older says little about the weeks to come
FEWEST_WEEKS = 8  # since the first sale: below that a series has no class
# Bounds of Syntetos, Boylan and Croston (2005), "On the categorization of demand patterns".
FREQUENT = 1.32  # weeks from one with sales to the next, at most
EVEN = 0.49  # squared coefficient of variation of the weeks with sales, at most
CLASSES = ("smooth", "erratic", "intermittent", "lumpy")
UNCLASSED = -1


@dataclass(frozen=True, slots=True)
class WeeklySeries:
    """Of P products over W weeks of seven days that end with day `as_of`, the last one complete.

    units  (P, W) float64
    first  (P,) int64  the week of the first sale, W where there is none
    """

    units: np.ndarray
    first: np.ndarray
    as_of: float

    @property
    def weeks(self) -> int:
        return self.units.shape[1]

    def of(self, product: int) -> np.ndarray:
        """(at most W,) float64 from the first week with a sale."""
        return self.units[product, self.first[product] :]

    def before(self, weeks: int) -> "WeeklySeries":
        """The same as it was known `weeks` before."""
        left = self.weeks - weeks
        return WeeklySeries(self.units[:, :left], np.minimum(self.first, left), self.as_of - weeks * DAYS_A_WEEK)


def weekly_series(history: OrderHistory, as_of: float) -> WeeklySeries:
    """`history` ends before day `as_of`."""
    products = len(history.products)
    span = (as_of - history.order_day.min(initial=as_of)) // DAYS_A_WEEK
    weeks = int(min(span, WEEKS_AT_MOST))
    week = weeks + ((history.line_day - as_of) // DAYS_A_WEEK).astype(np.int64)
    inside = week >= 0
    cell = history.line_product[inside].astype(np.int64) * weeks + week[inside]
    units = np.bincount(cell, history.line_quantity[inside], products * weeks).reshape(products, weeks)
    sold = units > 0
    return WeeklySeries(units, np.where(sold.any(axis=1), np.argmax(sold, axis=1), weeks) if weeks else
                        np.zeros(products, np.int64), as_of)  # fmt: skip


def series_classes(series: WeeklySeries) -> np.ndarray:
    """(P,) int8: position in CLASSES, UNCLASSED for series shorter than FEWEST_WEEKS."""
    sold = series.units > 0
    with_sales = sold.sum(axis=1)
    length = series.weeks - series.first
    interval = length / np.maximum(with_sales, 1)
    mean = series.units.sum(axis=1) / np.maximum(with_sales, 1)
    square = (series.units**2).sum(axis=1) / np.maximum(with_sales, 1)
    variation = np.divide(square - mean**2, mean**2, out=np.zeros(len(mean)), where=mean > 0)
    found = 2 * (interval > FREQUENT) + (variation > EVEN)
    return np.where(length >= FEWEST_WEEKS, found, UNCLASSED).astype(np.int8)


def scaled_error(known: np.ndarray, forecast: np.ndarray, actual: np.ndarray) -> float:
    """RMSSE (Makridakis et al., "M5 accuracy competition", 2022): against one-step naive errors of the `known` weeks.

    NaN where those are all zero.
    """
    scale = np.mean(np.diff(known) ** 2) if len(known) > 1 else 0.0
    return float(np.sqrt(np.mean((actual - forecast) ** 2) / scale)) if scale > 0 else float("nan")
