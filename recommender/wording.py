"""Figures in the words of reasons and insights."""

from collections.abc import Iterable


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def days(number: float | None) -> str:
    return counted(max(0, round(number or 0)), "day")


def every(interval: float) -> str:
    """An interval of days."""
    return "every day" if round(interval) == 1 else f"every {days(interval)}"


def ago(days_since: int) -> str:
    return f"{days(days_since)} ago" if days_since else "today"


def money(amount: float) -> str:
    return f"{amount:.2f}"


def unit_price(amount: float) -> str:
    """To the cent, or with the four decimals that prices are kept with where they say more."""
    return money(amount) if round(amount, 4) == round(amount, 2) else f"{amount:.4f}".rstrip("0")


def units(number: float) -> str:
    """Up to three decimals, as quantities are kept."""
    return f"{number:.3f}".rstrip("0").rstrip(".")


def change(now: float, before: float) -> str:
    """How much more or less `now` is than `before`, which is above zero."""
    percent = round(100 * (now / before - 1))
    if percent == 0:
        return "much the same"
    return f"{abs(percent)}% {'more' if percent > 0 else 'less'}"


def listed(names: Iterable[str]) -> str:
    return ", ".join(names)
