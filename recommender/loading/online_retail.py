"""The "Online Retail" files of the UCI Machine Learning Repository (Chen, 2015), both editions.

They are the raw sales ledger of a wholesaler, and what stands in it beside orders has its meaning:

- An invoice that begins with C is a cancellation, its quantities below zero. It is kept as an order
  of its own, of returns: nothing says which invoice it cancels.
- A row without a customer (sales over the counter, write-offs, bad debt) is nobody's order: skipped.
- A stock code that does not begin with five digits (POST, M, D, C2, BANK CHARGES, ...) is postage, a
  discount, a fee or a correction, not a product: skipped.
- A unit price of zero means that the price is not known. The goods went out, sometimes hundreds of
  them, so the line is kept, but nobody is ever to be quoted zero for it.
- The dates of an invoice's rows can be a minute apart: its earliest counts.
- A product's descriptions differ from row to row, and so do some customers' countries: the most
  frequent counts. Country is the client's region.
- Copies that went through a spreadsheet hold 17850.0 for a customer and 12/1/2010 8:26 for a date.
"""

from collections.abc import Sequence

import polars as pl

from recommender.loading.fields import plain_name

NAME = "online-retail"

# Field to the names of its column in the first and in the second edition.
COLUMNS = {
    "order": ("InvoiceNo", "Invoice"),
    "product": ("StockCode",),
    "product_name": ("Description",),
    "quantity": ("Quantity",),
    "date": ("InvoiceDate",),
    "price": ("UnitPrice", "Price"),
    "client": ("CustomerID", "Customer ID"),
    "region": ("Country",),
}
NO_CUSTOMER = "without a customer"
NO_PRODUCT = "of codes that are no products"
ZERO = r"^[+-]?(0+[.,]?0*|[.,]0+)$"


def find_columns(columns: Sequence[str]) -> dict[str, str] | None:
    """Field to column, where the columns are those of the format; else None."""
    spelled = {plain_name(column): column for column in columns}
    found = {
        field: spelled[plain_name(name)]
        for field, names in COLUMNS.items()
        for name in names
        if plain_name(name) in spelled
    }
    return found if len(found) == len(COLUMNS) else None


def clean(rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """Leave out what is no order, and write the rest as the generic format would.

    Returns:
        The rows, and how many were left out, by reason.
    """
    attributed = rows.filter(pl.col("client").is_not_null())
    # A code that is missing stays: that row is not skipped but bad.
    orders = attributed.filter(pl.col("product").str.contains(r"^[0-9]{5}").fill_null(True))
    skipped = {NO_CUSTOMER: len(rows) - len(attributed), NO_PRODUCT: len(attributed) - len(orders)}
    american = pl.col("date").str.to_datetime("%m/%d/%Y %H:%M", strict=False).dt.strftime("%Y-%m-%dT%H:%M:%S")
    return (
        orders.with_columns(
            client=pl.col("client").str.replace(r"\.0$", ""),
            date=pl.coalesce(american, "date"),
            price=pl.when(~pl.col("price").str.contains(ZERO)).then("price"),
        ),
        skipped,
    )
