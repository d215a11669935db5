"""Segment and chain of clients, as the engine wants them."""

from collections.abc import Sequence

import numpy as np

from recommender.engine.groups import Attributes
from recommender.models import Client


def attributes_of(clients: Sequence[str]) -> Attributes:
    """Of the clients with these external ids, in their order; one without a segment has its chain's."""
    found = {
        client: (own or of_chain or "", chain or "")
        for client, own, of_chain, chain in Client.objects.filter(external_id__in=set(clients)).values_list(
            "external_id", "segment", "chain__segment", "chain__external_id"
        )
    }
    pairs = [found.get(client, ("", "")) for client in clients]
    return Attributes(
        segment=np.array([segment for segment, _ in pairs], dtype=str),
        chain=np.array([chain for _, chain in pairs], dtype=str),
    )
