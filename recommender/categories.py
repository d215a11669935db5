"""Categories made from orders, for products that the catalogue gives none."""

from functools import lru_cache

import numpy as np

from recommender import artifacts
from recommender.engine import made_categories as making
from recommender.models import ModelVersion


def made_categories(version: ModelVersion) -> np.ndarray:
    """(P,) int32 labels of the products of the version's model, -1 for none. Raises DamagedArtifactError."""
    return labels_of(version.artifact, version.sha256)


@lru_cache(maxsize=artifacts.MODELS_IN_MEMORY)
def labels_of(folder: str, sha256: str) -> np.ndarray:
    """Made once in each process: some milliseconds, and only where a product lacks a category."""
    knowledge = artifacts.load(folder, sha256)[0].knowledge
    return making.made_categories(knowledge.similarity, knowledge.buyers)
