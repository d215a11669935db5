"""From orders as they are sent to baskets: lines of one product together, what came back taken off."""

from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from recommender.engine.history import OrderHistory, pair_codes


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
    width = max(len(products), 1)
    unique, inverse = np.unique(pair_codes(line_order, line_product, width), return_inverse=True)
    quantity = np.bincount(inverse, line_quantity, minlength=len(unique)).round(3)
    weight = np.where(np.isnan(line_price), 0, np.maximum(line_quantity, 0))
    paid = np.bincount(inverse, weight * np.nan_to_num(line_price), minlength=len(unique))
    weights = np.bincount(inverse, weight, minlength=len(unique))
    price = np.divide(paid, weights, out=np.full(len(unique), np.nan), where=weights > 0)
    order, product = np.divmod(unique, width)
    bought_by = pair_codes(order_client[order], product, width)
    quantity = less_returns(quantity, bought_by, order_day[order])
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


def less_returns(quantity: np.ndarray, bought_by: np.ndarray, day: np.ndarray) -> np.ndarray:
    """`quantity` with each return taken from the latest purchases before it of the same client and product.

    Those of the same moment are before it, whatever their ids: orders may have a date alone.

    Args:
        quantity: (N,) net units of an order and product.
        bought_by: (N,) a number that is the same for lines of one client and product.
        day: (N,) ascending for each client.
    """
    quantity = quantity.copy()
    lines = np.flatnonzero(np.isin(bought_by, bought_by[quantity < 0]))
    lines = lines[np.lexsort((quantity[lines] < 0, day[lines], bought_by[lines]))]
    for _, lines_of_one in groupby(lines.tolist(), key=bought_by.__getitem__):
        left: list[int] = []  # purchases of which something is left, the latest last
        for line in lines_of_one:
            if quantity[line] > 0:
                left.append(line)
            returned = -quantity[line]
            while returned > 0 and left:
                taken = min(returned, quantity[left[-1]])
                quantity[left[-1]] -= taken
                returned -= taken
                if quantity[left[-1]] <= 0:
                    left.pop()
    return quantity.round(3)


def sent_back(history: OrderHistory, columns: OrderColumns) -> list[frozenset[str]]:
    """Of each client the products that it ordered and has nothing of in `history`, made of these columns."""
    width = len(history.products)
    bought = columns.line_quantity > 0
    ordered = pair_codes(columns.order_client[columns.line_order], columns.line_product, width)[bought]
    gone = np.setdiff1d(ordered, pair_codes(history.line_client, history.line_product, width))
    client, product = np.divmod(gone, max(width, 1))
    bounds = np.searchsorted(client, np.arange(len(history.clients) + 1))
    return [frozenset(history.products[product[start:stop]].tolist()) for start, stop in pairwise(bounds)]
