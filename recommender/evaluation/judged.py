"""Orders to be found, and what was known before them."""

from dataclasses import dataclass, replace

import numpy as np

from recommender.engine.history import OrderHistory


@dataclass(frozen=True, slots=True)
class JudgedOrders:
    """One order each of N clients; its L lines are sorted by client, then product.

    history                     the orders before; its client i is the judged client i, and its
                                products begin with those a model was trained on
    ordered                     (N,) float64  days since 1970-01-01 UTC
    client, product             (L,) codes of `history`
    quantity, price             (L,) float64  units, unit price or NaN
    """

    history: OrderHistory
    ordered: np.ndarray
    client: np.ndarray
    product: np.ndarray
    quantity: np.ndarray
    price: np.ndarray

    @property
    def clients(self) -> np.ndarray:
        """(N,) str external ids."""
        return self.history.clients

    @property
    def baskets(self) -> list[np.ndarray]:
        """The product codes of each order."""
        return split(self.product, self.client, len(self.ordered))

    @property
    def bought(self) -> list[np.ndarray]:
        """The product codes that each client had bought before, once or more."""
        return split(self.history.line_product, self.history.line_client, len(self.ordered))

    @property
    def orders_before(self) -> np.ndarray:
        """(N,) int."""
        return np.bincount(self.history.order_client, minlength=len(self.ordered))


def split(values: np.ndarray, client: np.ndarray, clients: int) -> list[np.ndarray]:
    return np.split(values, np.searchsorted(client, np.arange(1, clients))) if clients else []


def first_orders(history: OrderHistory, cut: float) -> np.ndarray:
    """Positions of the first order of each client from day `cut` on."""
    late = np.flatnonzero(history.order_day >= cut)
    return late[np.diff(history.order_client[late], prepend=-1) != 0]


def judge_on(before: OrderHistory, after: OrderHistory, orders: np.ndarray) -> JudgedOrders:
    """The orders at positions `orders` of `after`, one a client, with what `before` knows of their clients."""
    judged = after.where(np.isin(np.arange(len(after.order_day)), orders)).in_catalogue(before.products)
    clients = after.clients[judged.order_client]
    known = before.where(np.isin(before.clients, clients)[before.order_client])
    return JudgedOrders(
        history=replace(
            known,
            clients=clients,
            products=judged.products,
            order_client=np.searchsorted(clients, before.clients[known.order_client]).astype(np.int32),
        ),
        ordered=judged.order_day,
        client=judged.line_order,
        product=judged.line_product,
        quantity=judged.line_quantity,
        price=judged.line_price,
    )
