"""Names and ids as options of commands."""

import re
from argparse import ArgumentTypeError

from recommender.loading.validation import CONTROL_CHARACTER
from recommender.models import EXTERNAL_ID_LENGTH

# Bytes of an argument that are no text arrive as the latter, which no database takes.
NOT_KEPT = re.compile(rf"{CONTROL_CHARACTER}|[\ud800-\udfff]")


def external_id(text: str) -> str:
    """The id of a client or rep, as the API takes it."""
    return short_text(text, EXTERNAL_ID_LENGTH)


def short_text(text: str, most: int) -> str:
    """Something of at most so many characters, on one line."""
    if not text.strip():
        raise ArgumentTypeError("it is empty.")
    if len(text) > most:
        raise ArgumentTypeError(f"{text[:20] + '…'!r} is longer than {most} characters.")
    if NOT_KEPT.search(text):
        raise ArgumentTypeError(f"{text!r} holds a control character.")
    return text
