"""Money, to the cent: numbers as they stand in an answer, reckoned in decimals."""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

CENT = Decimal("0.01")
DIGITS = Context(prec=60)  # more than the largest order that the contract allows has before its cents


def exact(number: float) -> Decimal:
    """The decimal that is written for the number, 0.1 and not the binary fraction nearest to it."""
    return Decimal(str(number))


def amount(quantity: float, price: float | None) -> Decimal:
    """Quantity times price; a line without a price counts nothing."""
    return Decimal(0) if price is None else exact(quantity) * exact(price)


def to_the_cent(value: Decimal) -> float:
    return float(value.quantize(CENT, ROUND_HALF_UP, DIGITS))


def whole_cents(value: float) -> Decimal:
    """The most that can be paid of it."""
    return exact(value).quantize(CENT, ROUND_FLOOR, DIGITS)
