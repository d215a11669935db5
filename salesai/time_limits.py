"""How long PostgreSQL may take over what it is asked within a transaction."""

from datetime import timedelta

from django.db import connection


def set_time_limit(setting: str, time: timedelta) -> None:
    """Until the end of the transaction at hand. `setting`: `lock_timeout` or `statement_timeout`."""
    with connection.cursor() as cursor:
        milliseconds = time // timedelta(milliseconds=1)
        cursor.execute("SELECT set_config(%s, %s, true)", [setting, f"{milliseconds}ms"])
