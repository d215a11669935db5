"""Ids of activities: 24 hexadecimal digits that rise with the time of creation."""

import re
import secrets
import threading
import time

ID_LENGTH = 24
ID_PATTERN = rf"[0-9a-f]{{{ID_LENGTH}}}"

_lock = threading.Lock()
_last_microsecond = 0


def new_activity_id() -> str:
    """14 digits of microseconds since 1970, then 10 random ones.

    Two ids of one process never share a microsecond, so they rise even where the clock stands still
    or is set back.
    """
    global _last_microsecond
    with _lock:
        _last_microsecond = max(time.time_ns() // 1000, _last_microsecond + 1)
        return f"{_last_microsecond:014x}{secrets.token_hex(5)}"


def is_activity_id(text: str) -> bool:
    return re.fullmatch(ID_PATTERN, text) is not None
