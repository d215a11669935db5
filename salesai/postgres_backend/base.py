"""Django's PostgreSQL backend, whose connections last and are looked at before each request, not asked.

    DATABASES = {"default": {"ENGINE": "salesai.postgres_backend", "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, …}}

Django's own health check is a `SELECT 1`, which costs a request that reads one row as much as the row.
The statements of `salesai.prepared` are planned once for each connection, which Django forbids; no
other ones are, however often they are asked.
"""

import select
import sys
from typing import Any

from django.db.backends.postgresql import base

ONLY_WHEN_TOLD = sys.maxsize  # of times that a statement is asked, before psycopg prepares it by itself


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        return super().get_connection_params() | {"prepare_threshold": ONLY_WHEN_TOLD}

    def is_usable(self) -> bool:
        """Whether the server is still there, as far as this end of the connection knows.

        A server that ends or restarts closes the socket, which shows at once; one that vanishes
        without a word shows neither here nor by a question, until the kernel gives up on it. After
        an error that Django takes for one of the connection another is made: the plans of this one
        may be what is wrong, where a migration has changed a column's type.
        """
        if self.connection is None or self.connection.closed or self.errors_occurred:
            return False
        return not self._server_spoke()

    def _server_spoke(self) -> bool:
        """Whether there is something to read, though nothing was asked: a goodbye, or the end."""
        poll = select.poll()
        poll.register(self.connection.pgconn.socket, select.POLLIN)
        return bool(poll.poll(0))
