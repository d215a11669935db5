"""The order history behind a batch of requests: stored orders with those a request brings along."""

from dataclasses import replace
from datetime import datetime

import numpy as np

from recommender.baskets import OrderColumns, baskets_of, sent_back
from recommender.bounds import FIRST_MOMENT
from recommender.engine.history import OrderHistory, positions_in
from recommender.models import Order
from recommender.moments import day_of, moment_of
from recommender.order_rows import OrderRows, read_order_rows, rows_of_client
from recommender.requests import SuggestionRequest


def as_of(request: SuggestionRequest) -> datetime:
    """The moment of judgement: orders from then on do not exist."""
    asked = request.parameters.get("asOf")
    return request.now if asked is None else moment_of(asked)


def history_of_requests(
    requests: list[SuggestionRequest], known_products: np.ndarray
) -> tuple[OrderHistory, list[frozenset[str]]]:
    """(the history, of each request the products of which all that was ordered has been sent back).

    Client i of the history is request i; its products begin with `known_products`, sorted ones, and new ones follow.
    Orders in the request win over stored ones with the same id, whoever's they are; one without a
    date counts as placed at the moment of judgement, and one of no real date not at all.
    """
    requests = [replace(request, orders=list(filter(is_history, request.orders))) for request in requests]
    rows = read_order_rows(max(map(as_of, requests)), sorted({request.client for request in requests}))
    replaced = replaced_orders(requests)
    named = np.array(sorted(set(rows.products.tolist()) | inline_products(requests)), dtype=str)
    code = positions_in(known_products, named)
    new = named[code < 0]
    code[code < 0] = len(known_products) + np.arange(len(new))
    codes = dict(zip(named.tolist(), code.tolist(), strict=True))
    product_codes = np.array([codes[product] for product in rows.products.tolist()], dtype=np.int32)
    columns = of_clients(
        [
            orders_of_request(request, stored_orders(rows, request, replaced, product_codes), codes)
            for request in requests
        ]
    )
    products = np.concatenate([known_products, new]) if len(new) else known_products
    history = baskets_of(np.array([request.client for request in requests]), products, columns)
    return history, sent_back(history, columns)


def is_history(order: dict) -> bool:
    return "date" not in order or moment_of(order["date"]) >= FIRST_MOMENT


def inline_products(requests: list[SuggestionRequest]) -> set[str]:
    return {item["product"] for request in requests for order in request.orders for item in order["items"]}


def replaced_orders(requests: list[SuggestionRequest]) -> dict[str, int]:
    """External id to surrogate id of the stored orders that some request replaces."""
    named = {order["orderId"] for request in requests for order in request.orders if order.get("orderId")}
    if not named:
        return {}
    return dict(Order.objects.filter(external_id__in=named).values_list("external_id", "pk"))


def stored_orders(
    rows: OrderRows, request: SuggestionRequest, replaced: dict[str, int], product_codes: np.ndarray
) -> OrderColumns:
    """Those of the client before the moment of judgement that the request does not replace; the client's code is 0.

    Args:
        product_codes: of the products of `rows`.
    """
    orders, lines = rows_of_client(rows, request.client)
    every = rows.columns
    gone = [replaced[order["orderId"]] for order in request.orders if order.get("orderId") in replaced]
    stays = (every.order_day[orders] < day_of(as_of(request))) & ~np.isin(rows.order_key[orders], gone)
    line_order = every.line_order[lines] - (orders[0] if len(orders) else 0)
    kept = stays[line_order]
    lines = lines[kept]
    return OrderColumns(
        order_client=np.zeros(stays.sum(), np.int32),
        order_day=every.order_day[orders][stays],
        line_order=(np.cumsum(stays) - 1)[line_order[kept]],
        line_product=product_codes[every.line_product[lines]],
        line_quantity=every.line_quantity[lines],
        line_price=every.line_price[lines],
    )


def orders_of_request(request: SuggestionRequest, stored: OrderColumns, codes: dict[str, int]) -> OrderColumns:
    """The stored orders with those that the request brings along.

    Args:
        codes: product id to product code.
    """
    end = day_of(as_of(request))
    brought = []
    # Of orders with the same id the last counts; those without one are told apart by their place.
    for order in {order.get("orderId") or i: order for i, order in enumerate(request.orders)}.values():
        placed = day_of(moment_of(order["date"])) if "date" in order else end
        if placed < end or "date" not in order:
            brought.append(inline_order(order, placed, codes))
    return in_time(joined([stored, *brought])) if brought else stored


def inline_order(order: dict, day: float, codes: dict[str, int]) -> OrderColumns:
    items = order["items"]
    return OrderColumns(
        order_client=np.zeros(1, np.int32),
        order_day=np.array([day]),
        line_order=np.zeros(len(items), np.int64),
        line_product=np.array([codes[item["product"]] for item in items], np.int32),
        line_quantity=np.array([item["quantity"] for item in items], float).round(3),
        line_price=np.array([item.get("price", np.nan) for item in items], float).round(4),
    )


def of_clients(parts: list[OrderColumns]) -> OrderColumns:
    """The orders of many clients, each of which had them alone; part i is client i."""
    client = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part.order_day) for part in parts])
    return joined(parts)._replace(order_client=client)


def joined(parts: list[OrderColumns]) -> OrderColumns:
    """The orders of the parts, one after the other."""
    offset = np.cumsum([0] + [len(part.order_day) for part in parts[:-1]])
    columns = OrderColumns(*map(np.concatenate, zip(*parts, strict=True)))
    position = columns.line_order + np.repeat(offset, [len(part.line_order) for part in parts])
    return columns._replace(line_order=position)


def in_time(columns: OrderColumns) -> OrderColumns:
    """The same orders, of one client, sorted by day."""
    by_day = np.argsort(columns.order_day, kind="stable")
    rank = np.empty(len(by_day), np.int64)
    rank[by_day] = np.arange(len(by_day))
    line_order = rank[columns.line_order]
    lines = np.argsort(line_order, kind="stable")
    return OrderColumns(
        order_client=columns.order_client,
        order_day=columns.order_day[by_day],
        line_order=line_order[lines],
        line_product=columns.line_product[lines],
        line_quantity=columns.line_quantity[lines],
        line_price=columns.line_price[lines],
    )
