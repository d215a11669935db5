"""What numbers and moments may be, on whatever way they come in."""

from datetime import UTC, datetime

# The contract's bound for quantities below and above zero, and for prices.
LARGEST_NUMBER = 1_000_000_000
# The contract's bound for pack sizes and minimum order quantities.
LARGEST_COUNT = 1_000_000
# Of a moment that is asked for. Far from any order, near enough to catch slips and placeholders such as 9999-12-31.
FIRST_YEAR, LAST_YEAR = 1900, 2199
# What is dated before is a placeholder for no date: 0001-01-01, SQL Server's 1900-01-01, or Unix's 1970-01-01, of
# whatever zone. The contract takes any date: such orders that are pushed are kept, and are no history.
FIRST_MOMENT = datetime(1970, 1, 2, tzinfo=UTC)
