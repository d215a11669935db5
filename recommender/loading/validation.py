"""From text to typed rows, a chunk at a time, and what is wrong with those that cannot be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from recommender.bounds import FIRST_MOMENT, LARGEST_COUNT, LARGEST_NUMBER, LAST_YEAR
from recommender.loading.fields import FIELDS, Field, Kind
from recommender.loading.order_file import LINE

TEXT_SUFFIX = " as text"
CONTROL_CHARACTER = r"[\x00-\x1f\x7f]"
DECIMAL_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
# Points part thousands before the comma, or there are none: 1,234.50 is another way of writing.
DECIMAL_COMMA = r"^[+-]?([0-9]*|[0-9]{1,3}(\.[0-9]{3})+),[0-9]*([eE][+-]?[0-9]+)?$"
# Where decimals have a comma this is 1500 to one program and 1.5 to another.
THOUSANDS_OR_DECIMALS = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
ISO_8601 = r"^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(?:(:\d{2})([.,]\d{1,9})?)?\s*([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$"


@dataclass(frozen=True)
class Checked:
    """A chunk after validation.

    rows        the good ones, typed, with their line
    faults      one a field of a bad row
    bad_orders  line and order, as text, of the bad rows that name one
    orderless   lines of the bad rows that name none, though they are of one: they have a product or a date
    """

    rows: pl.DataFrame
    faults: pl.DataFrame
    bad_orders: pl.DataFrame
    orderless: list[int]


def check(rows: pl.DataFrame, columns: Mapping[str, str], decimal_comma: bool = False) -> Checked:
    """Type the fields of text rows, and take out the rows that cannot be.

    Args:
        rows: `line`, and text columns named after fields; null where nothing is given.
        columns: field to the column of the file that it was read from, for the faults.
        decimal_comma: numbers are written with a comma: 1.234,50.
    """
    fields = [FIELDS[name] for name in rows.columns if name != LINE]
    typed = rows.select(LINE, *(_typed(field, decimal_comma).alias(field.name) for field in fields))
    texts = rows.select(LINE, pl.exclude(LINE).name.suffix(TEXT_SUFFIX))
    reasons = texts.with_columns(typed.drop(LINE)).select(
        LINE, *(_reason(field, decimal_comma).alias(field.name) for field in fields)
    )
    bad = reasons.select(pl.any_horizontal(pl.exclude(LINE).is_not_null())).to_series()
    bad_rows = rows.filter(bad)
    of_an_order = pl.any_horizontal(pl.col("product", "date").is_not_null())
    return Checked(
        typed.filter(~bad),
        _faults_by_field(bad_rows, reasons.filter(bad), columns),
        bad_rows.select(LINE, "order").drop_nulls(),
        typed.filter(bad & pl.col("order").is_null() & of_an_order)[LINE].to_list(),
    )


def _faults_by_field(rows: pl.DataFrame, reasons: pl.DataFrame, columns: Mapping[str, str]) -> pl.DataFrame:
    values = rows.unpivot(index=LINE, variable_name="field", value_name="value")
    return (
        values.with_columns(reasons.unpivot(index=LINE, value_name="reason")["reason"])
        .filter(pl.col("reason").is_not_null())
        .select(LINE, pl.col("field").replace(dict(columns)).alias("column"), "value", "reason")
        .sort(LINE, maintain_order=True)
    )


def _typed(field: Field, decimal_comma: bool) -> pl.Expr:
    text = pl.col(field.name)
    match field.kind:
        case Kind.EXTERNAL_ID | Kind.TEXT:
            return text
        case Kind.QUANTITY | Kind.PRICE:
            return _pointed(text, decimal_comma).cast(pl.Float64, strict=False)
        case Kind.COUNT:
            return text.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False)
        case Kind.DATE:
            return _moment(text)


def _pointed(text: pl.Expr, decimal_comma: bool) -> pl.Expr:
    """1.234,50 as 1234.50, with decimal commas; what is written otherwise stays."""
    if not decimal_comma:
        return text
    pointed = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return pl.when(text.str.contains(DECIMAL_COMMA)).then(pointed).otherwise(text)


def _moment(text: pl.Expr) -> pl.Expr:
    parts = text.str.extract_groups(ISO_8601).struct
    return pl.concat_str(
        parts[0],
        pl.lit("T"),
        parts[1].fill_null("00:00"),
        parts[2].fill_null(":00"),
        parts[3].fill_null(".0").str.replace(",", ".", literal=True),
        parts[4].fill_null("Z").str.to_uppercase(),
    ).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", strict=False)


def _reason(field: Field, decimal_comma: bool) -> pl.Expr:
    """Why a row's field cannot be taken, in words; null where it can."""
    reason = pl.lit("is missing") if field.required else pl.lit(None, dtype=pl.String)
    checked = pl.when(pl.col(field.name + TEXT_SUFFIX).is_null()).then(reason)
    for fault, message in _faults(field, decimal_comma):
        checked = checked.when(fault).then(pl.lit(message))
    return checked.otherwise(None)


def _faults(field: Field, decimal_comma: bool) -> Iterator[tuple[pl.Expr, str]]:
    text, value = pl.col(field.name + TEXT_SUFFIX), pl.col(field.name)
    if decimal_comma and field.kind in (Kind.QUANTITY, Kind.PRICE, Kind.COUNT):
        yield text.str.contains(THOUSANDS_OR_DECIMALS), "may have thousands or decimals: write it as 1500 or as 1,5"
    match field.kind:
        case Kind.EXTERNAL_ID:
            yield text.str.len_chars() > field.max_length, f"is longer than {field.max_length} characters"
            yield text.str.contains(CONTROL_CHARACTER), "holds a control character"
            if field.name == "chain":
                yield text == pl.col("client"), "names the client itself"
        case Kind.TEXT:
            yield text.str.len_chars() > field.max_length, f"is longer than {field.max_length} characters"
            yield text.str.contains("\0", literal=True), "holds a NUL character"
        case Kind.QUANTITY | Kind.PRICE:
            yield ~_pointed(text, decimal_comma).str.contains(DECIMAL_NUMBER), "is not a number"
            yield value.abs() > LARGEST_NUMBER, f"is beyond {LARGEST_NUMBER}"
            if field.kind is Kind.PRICE:
                yield value < 0, "is below zero"
        case Kind.COUNT:
            yield ~text.str.contains(r"^\+?[0-9]{1,9}(\.0*)?$"), "is not a whole number"
            yield ~value.is_between(1, LARGEST_COUNT), f"is not between 1 and {LARGEST_COUNT}"
        case Kind.DATE:
            yield value.is_null(), "is not a date and time in ISO 8601, such as 2026-03-31T14:05:00Z"
            placeholder = "and looks like a placeholder for no date"
            yield value < FIRST_MOMENT, f"lies before {FIRST_MOMENT:%Y-%m-%d} {placeholder}"
            yield value.dt.year() > LAST_YEAR, f"lies after {LAST_YEAR} {placeholder}"
