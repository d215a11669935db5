"""Histories small enough to reckon by hand."""

import numpy as np

from recommender.baskets import OrderColumns, baskets_of
from recommender.engine.history import OrderHistory


def basket(orders: list[tuple[int, float, dict[int, float]]], products: int = 4) -> OrderHistory:
    """A history of (client, day, {product: quantity}), sorted by client and day; prices are not known."""
    lines = [(order, p, q) for order, (_, _, content) in enumerate(orders) for p, q in content.items()]
    line_order, line_product, quantity = np.array(lines).T
    columns = OrderColumns(
        order_client=np.array([client for client, _, _ in orders]),
        order_day=np.array([day for _, day, _ in orders], float),
        line_order=line_order.astype(int),
        line_product=line_product.astype(int),
        line_quantity=quantity.astype(float),
        line_price=np.full(len(lines), np.nan),
    )
    clients = np.array(sorted({f"c{client}" for client, _, _ in orders}))
    return baskets_of(clients, np.array([f"p{product}" for product in range(products)]), columns)


def history_of(*clients: list[dict[int, float]]) -> OrderHistory:
    """One order a week for each client, given as {product: quantity}."""
    orders = [(client, week, basket) for client, baskets in enumerate(clients) for week, basket in enumerate(baskets)]
    lines = [(order, product, units) for order, (*_, basket) in enumerate(orders) for product, units in basket.items()]
    line_order, product, quantity = (np.array(column) for column in zip(*lines, strict=True))
    columns = OrderColumns(
        order_client=np.array([client for client, _, _ in orders]),
        order_day=np.array([7.0 * week for _, week, _ in orders]),
        line_order=line_order,
        line_product=product,
        line_quantity=quantity.astype(float),
        line_price=np.full(len(lines), np.nan),
    )
    return baskets_of(np.array([f"c{n}" for n in range(len(clients))]), np.array(["apples", "bread"]), columns)
