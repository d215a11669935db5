"""From orders as they are sent to baskets: lines of one product together, what came back taken off."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from recommender.engine.history import OrderHistory


class OrderColumns(NamedTuple):
    """Orders and their lines, returns and repeated lines included, sorted by client and time.

    order_client, order_day                    (O,)        client code, days since 1970-01-01 UTC
    line_order                                 (L,) int64  position of the order, ascending
    line_product, line_quantity, line_price    (L,)        product code, units, unit price or NaN
    """

    order_client: np.ndarray
    order_day: np.ndarray
    line_order: np.ndarray
    line_product: np.ndarray
    line_quantity: np.ndarray
    line_price: np.ndarray


def baskets_of(clients: np.ndarray, products: np.ndarray, columns: OrderColumns) -> OrderHistory:
    """Lines of one product in an order are added up. What is below zero then is a return: it takes from
    the client's latest purchases of the product before it. Lines with nothing left, and orders
    without a line, are not in the result.

    Args:
        clients, products: (C,), (P,) str, which the columns' codes are positions in.
    """
    order_client, order_day, line_order, line_product, line_quantity, line_price = columns
    key = line_order.astype(np.int64) * max(len(products), 1) + line_product
    unique, inverse = np.unique(key, return_inverse=True)
    quantity = np.bincount(inverse, line_quantity, minlength=len(unique)).round(3)
    weight = np.where(np.isnan(line_price), 0, np.maximum(line_quantity, 0))
    paid = np.bincount(inverse, weight * np.nan_to_num(line_price), minlength=len(unique))
    weights = np.bincount(inverse, weight, minlength=len(unique))
    price = np.divide(paid, weights, out=np.full(len(unique), np.nan), where=weights > 0)
    order, product = np.divmod(unique, max(len(products), 1))
    quantity = less_returns(quantity, order_client[order].astype(np.int64) * max(len(products), 1) + product)
    kept = quantity > 0
    with_lines = np.zeros(len(order_client), bool)
    with_lines[order[kept]] = True
    position = np.cumsum(with_lines) - 1
    return OrderHistory(
        clients=clients,
        products=products,
        order_client=order_client[with_lines].astype(np.int32),
        order_day=order_day[with_lines],
        line_order=position[order[kept]].astype(np.int32),
        line_product=product[kept].astype(np.int32),
        line_quantity=quantity[kept],
        line_price=price[kept],
    )


def less_returns(quantity: np.ndarray, bought_by: np.ndarray) -> np.ndarray:
    """`quantity` with each return taken from the latest earlier purchases of the same client and product.

    Args:
        quantity: (N,) net units of an order and product, in order of time for each client.
        bought_by: (N,) a number that is the same for lines of one client and product.
    """
    quantity = quantity.copy()
    by_owner = np.argsort(bought_by, kind="stable")
    place = np.empty(len(by_owner), np.int64)
    place[by_owner] = np.arange(len(by_owner))
    for returned in np.flatnonzero(quantity < 0):
        left, at = -quantity[returned], place[returned] - 1
        while left > 0 and at >= 0 and bought_by[by_owner[at]] == bought_by[returned]:
            taken = min(left, max(quantity[by_owner[at]], 0.0))
            quantity[by_owner[at]] -= taken
            left -= taken
            at -= 1
    return quantity.round(3)


def sent_back(history: OrderHistory, columns: OrderColumns) -> list[frozenset[str]]:
    """Of each client the products that it ordered and has nothing of in `history`, made of these columns."""
    width = len(history.products)
    bought = columns.line_quantity > 0
    ordered = (columns.order_client[columns.line_order].astype(np.int64) * width + columns.line_product)[bought]
    gone = np.setdiff1d(ordered, history.line_client.astype(np.int64) * width + history.line_product)
    client, product = np.divmod(gone, max(width, 1))
    bounds = np.searchsorted(client, np.arange(len(history.clients) + 1))
    return [frozenset(history.products[product[start:stop]].tolist()) for start, stop in pairwise(bounds)]
