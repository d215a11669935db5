"""The order history behind a batch of requests: stored orders with those a request brings along."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np

from recommender.engine.history import OrderHistory, positions_in
from recommender.models import Order
from recommender.order_rows import SECONDS_PER_DAY, baskets_of, read_order_rows, rows_of_client
from recommender.requests import SuggestionRequest


def as_of(request: SuggestionRequest) -> datetime:
    """The moment of judgement: orders from then on do not exist."""
    asked = request.parameters.get("asOf")
    if asked is None:
        return request.now
    moment = datetime.fromisoformat(asked)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def day_of(moment: datetime) -> float:
    return moment.timestamp() / SECONDS_PER_DAY


def date_of(day: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=float(day))


def history_of_requests(
    requests: list[SuggestionRequest], known_products: np.ndarray
) -> tuple[OrderHistory, list[frozenset[str]]]:
    """(the history, of each request the products of which all that was ordered has been sent back).

    Client i of the history is request i; its products begin with `known_products`, sorted ones, and new ones follow.
    Orders in the request win over stored ones with the same id, whoever's they are; one without a
    date counts as placed at the moment of judgement.
    """
    rows = read_order_rows(max(map(as_of, requests)), sorted({request.client for request in requests}))
    replaced = replaced_orders(requests)
    named = np.array(sorted(set(rows.products.tolist()) | inline_products(requests)), dtype=str)
    code = positions_in(known_products, named)
    new = named[code < 0]
    code[code < 0] = len(known_products) + np.arange(len(new))
    codes = dict(zip(named.tolist(), code.tolist(), strict=True))
    product_codes = np.array([codes[product] for product in rows.products.tolist()], dtype=np.int32)
    parts = [
        orders_of_request(rows, request, position, replaced, product_codes, codes)
        for position, request in enumerate(requests)
    ]
    offset = np.cumsum([0] + [len(part[0]) for part in parts[:-1]])
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    columns[2] += np.repeat(offset, [len(part[2]) for part in parts])
    products = np.concatenate([known_products, new]) if len(new) else known_products
    history = baskets_of(np.array([request.client for request in requests]), products, *columns)
    return history, sent_back(history, *columns)


def sent_back(
    history: OrderHistory,
    order_client: np.ndarray,
    order_day: np.ndarray,
    line_order: np.ndarray,
    line_product: np.ndarray,
    line_quantity: np.ndarray,
    line_price: np.ndarray,
) -> list[frozenset[str]]:
    """Of each client the products that it ordered and has nothing of in `history`, made of these columns."""
    width = len(history.products)
    ordered = (order_client[line_order].astype(np.int64) * width + line_product)[line_quantity > 0]
    gone = np.setdiff1d(ordered, history.line_client.astype(np.int64) * width + history.line_product)
    client, product = np.divmod(gone, max(width, 1))
    bounds = np.searchsorted(client, np.arange(len(history.clients) + 1))
    return [frozenset(history.products[product[start:stop]].tolist()) for start, stop in pairwise(bounds)]


def inline_products(requests: list[SuggestionRequest]) -> set[str]:
    return {item["product"] for request in requests for order in request.orders for item in order["items"]}


def replaced_orders(requests: list[SuggestionRequest]) -> dict[str, int]:
    """External id to surrogate id of the stored orders that some request replaces."""
    named = {order["orderId"] for request in requests for order in request.orders if order.get("orderId")}
    if not named:
        return {}
    return dict(Order.objects.filter(external_id__in=named).values_list("external_id", "pk"))


def orders_of_request(rows, request, position, replaced, product_codes, codes) -> tuple[np.ndarray, ...]:
    """(order_client, order_day, line_order, line_product, quantity, price) of one request, in order of time."""
    orders, lines = rows_of_client(rows, request.client)
    end = day_of(as_of(request))
    gone = [replaced[order["orderId"]] for order in request.orders if order.get("orderId") in replaced]
    stays = (rows.order_day[orders] < end) & ~np.isin(rows.order_key[orders], gone)
    first = orders[0] if len(orders) else 0
    line_order = rows.line_order[lines] - first
    line_stays = stays[line_order]
    day = [rows.order_day[orders][stays]]
    new_position = np.cumsum(stays) - 1
    line_columns = [[
        new_position[line_order[line_stays]],
        product_codes[rows.line_product[lines[line_stays]]],
        rows.line_quantity[lines[line_stays]],
        rows.line_price[lines[line_stays]],
    ]]  # fmt: skip
    count = int(stays.sum())
    # Of orders with the same id the last counts; those without one are told apart by their place.
    for order in {order.get("orderId") or i: order for i, order in enumerate(request.orders)}.values():
        placed = inline_day(order, end)
        if placed > end or (placed == end and "date" in order):
            continue
        day.append(np.array([placed]))
        line_columns.append(inline_lines(order, count, codes))
        count += 1
    return in_time(position, np.concatenate(day), *(np.concatenate(c) for c in zip(*line_columns, strict=True)))


def inline_day(order: dict, now: float) -> float:
    if "date" not in order:
        return now
    moment = datetime.fromisoformat(order["date"])
    return day_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def inline_lines(order: dict, position: int, codes: dict[str, int]) -> list[np.ndarray]:
    items = order["items"]
    return [
        np.full(len(items), position, np.int64),
        np.array([codes[item["product"]] for item in items], np.int32),
        np.array([item["quantity"] for item in items], float).round(3),
        np.array([item.get("price", np.nan) for item in items], float).round(4),
    ]


def in_time(position, day, line_order, product, quantity, price) -> tuple[np.ndarray, ...]:
    """The same with the orders sorted by day."""
    by_day = np.argsort(day, kind="stable")
    rank = np.empty(len(day), np.int64)
    rank[by_day] = np.arange(len(day))
    order = np.argsort(rank[line_order], kind="stable")
    return (
        np.full(len(day), position, np.int32), day[by_day], rank[line_order][order],
        product[order], quantity[order], price[order],
    )  # fmt: skip
