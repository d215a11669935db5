"""Two versions at once: which of them answers a client."""

import hashlib
from collections.abc import Sequence

from recommender.models import ModelVersion

HASH_BYTES = 8


def answering(active: Sequence[ModelVersion], client: str) -> ModelVersion:
    """The one of the active versions, whose shares add up to 1, on whose side the client falls.

    A client stays on its side for as long as the test lasts, in every process; where a share grows,
    clients come to it and none of its own leaves. A test of other versions deals anew, so that the
    clients of one test are not together again in the next.
    """
    versions = sorted(active, key=lambda version: version.number)
    place = place_of(client, salt="|".join(str(version) for version in versions))
    reached = 0.0
    for version in versions[:-1]:
        reached += version.traffic_share
        if place < reached:
            return version
    return versions[-1]


def place_of(client: str, salt: str) -> float:
    """A number in [0, 1), evenly spread over clients, and unrelated from one salt to another."""
    digest = hashlib.sha256(f"{salt}:{client}".encode()).digest()
    return int.from_bytes(digest[:HASH_BYTES]) / 256**HASH_BYTES
