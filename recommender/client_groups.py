"""Segment and chain of clients, as the engine wants them."""

from collections.abc import Sequence

import numpy as np

from recommender.engine.groups import Attributes
from recommender.models import Client
from salesai.prepared import fetch

OF_CLIENTS = f"""
    SELECT client.external_id, coalesce(nullif(client.segment, ''), chain.segment, ''), coalesce(chain.external_id, '')
    FROM {Client._meta.db_table} client LEFT JOIN {Client._meta.db_table} chain ON chain.id = client.chain_id
    WHERE client.external_id = ANY(%s)"""


def attributes_of(clients: Sequence[str]) -> Attributes:
    """Of the clients with these external ids, in their order; one without a segment has its chain's."""
    found = {client: groups for client, *groups in fetch(OF_CLIENTS, [list(set(clients))])}
    pairs = [found.get(client, ("", "")) for client in clients]
    return Attributes(
        segment=np.array([segment for segment, _ in pairs], dtype=str),
        chain=np.array([chain for _, chain in pairs], dtype=str),
    )
