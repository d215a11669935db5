"""What an error of PostgreSQL comes to."""

from django.db import Error

# Of its codes: the connection broke, and the server is ended or not ready yet.
GONE = ("08", "57P")


def is_out_of_reach(error: Error) -> bool:
    """Whether the database did not answer, rather than that it cannot do what was asked: its disk may be full."""
    code = getattr(error.__cause__ or error, "sqlstate", None)
    return code is None or code.startswith(GONE)
