"""Order history as flat arrays: what every stage of the engine reads."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, slots=True)
class OrderHistory:
    """Baskets of clients, sorted by client, then time, then order id; returns are not in it.

    A basket is an order with at least one product above zero; a product stands once in a basket,
    its quantities added up. Codes are positions in `clients` and `products`, both sorted by code
    point, so that a tie broken by code is a tie broken by external id.

    clients         (C,) str      external ids
    products        (P,) str      external ids
    order_client    (O,) int32    client code, ascending
    order_day       (O,) float64  days since 1970-01-01 UTC with the time of day as the fraction,
                                  ascending within a client
    line_order      (L,) int32    position of the order, ascending
    line_product    (L,) int32    product code, ascending within an order
    line_quantity   (L,) float64  units, above 0
    line_price      (L,) float64  unit price, NaN where it is not known
    """

    clients: np.ndarray
    products: np.ndarray
    order_client: np.ndarray
    order_day: np.ndarray
    line_order: np.ndarray
    line_product: np.ndarray
    line_quantity: np.ndarray
    line_price: np.ndarray

    @property
    def line_client(self) -> np.ndarray:
        """(L,) int32, the client code of each line."""
        return self.order_client[self.line_order]

    @property
    def line_day(self) -> np.ndarray:
        """(L,) float64, the day of each line's order."""
        return self.order_day[self.line_order]

    def where(self, keep: np.ndarray) -> "OrderHistory":
        """The orders for which `keep` ((O,) bool) holds, of the same clients and products."""
        lines = keep[self.line_order]
        position = np.cumsum(keep, dtype=np.int32) - 1
        return OrderHistory(
            clients=self.clients,
            products=self.products,
            order_client=self.order_client[keep],
            order_day=self.order_day[keep],
            line_order=position[self.line_order[lines]].astype(np.int32),
            line_product=self.line_product[lines],
            line_quantity=self.line_quantity[lines],
            line_price=self.line_price[lines],
        )

    def of_clients(self, chosen: np.ndarray) -> "OrderHistory":
        """The orders of the clients at these positions, ascending, who are clients 0, 1, ... of it."""
        kept = self.where(np.isin(self.order_client, chosen))
        order_client = np.searchsorted(chosen, kept.order_client).astype(np.int32)
        return replace(kept, clients=self.clients[chosen], order_client=order_client)

    def each_client(self) -> list["OrderHistory"]:
        """The orders of each client as a history of its own, whose only client it is."""
        order = np.searchsorted(self.order_client, np.arange(len(self.clients) + 1))
        line = np.searchsorted(self.line_order, order)
        return [
            OrderHistory(
                clients=self.clients[client : client + 1],
                products=self.products,
                order_client=np.zeros(order[client + 1] - order[client], np.int32),
                order_day=self.order_day[order[client] : order[client + 1]],
                line_order=self.line_order[line[client] : line[client + 1]] - np.int32(order[client]),
                line_product=self.line_product[line[client] : line[client + 1]],
                line_quantity=self.line_quantity[line[client] : line[client + 1]],
                line_price=self.line_price[line[client] : line[client + 1]],
            )
            for client in range(len(self.clients))
        ]

    def in_catalogue(self, known: np.ndarray) -> "OrderHistory":
        """The same orders with product codes that begin with `known` ((K,) str); products beyond it follow, sorted."""
        products = np.concatenate([known, np.setdiff1d(self.products, known)])
        by_id = np.argsort(products)
        code = by_id[np.searchsorted(products, self.products, sorter=by_id)].astype(np.int32)
        line_product = code[self.line_product]
        lines = np.lexsort((line_product, self.line_order))
        return replace(
            self,
            products=products,
            line_product=line_product[lines],
            line_quantity=self.line_quantity[lines],
            line_price=self.line_price[lines],
        )


def pair_codes(client: np.ndarray, product: np.ndarray, products: int) -> np.ndarray:
    """(N,) int64: a number for each client and product of a catalogue of so many, ascending by client, then product."""
    return client.astype(np.int64) * products + product


def positions_in(known: np.ndarray, names: np.ndarray) -> np.ndarray:
    """(N,) int64: the position of each name or number in `known`, which is sorted; -1 for one that is not there."""
    at = np.searchsorted(known, names).clip(max=max(len(known) - 1, 0))
    return np.where(known[at] == names, at, -1) if len(known) else np.full(len(names), -1)
