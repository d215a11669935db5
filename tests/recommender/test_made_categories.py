"""Categories made from who buys what."""

import numpy as np
from scipy import sparse

from recommender.engine.made_categories import made_categories


def labels(pairs: dict[tuple[int, int], float], buyers: list[int]) -> list[int]:
    """Of products that are alike in pairs, both ways."""
    both_ways = pairs | {(other, one): likeness for (one, other), likeness in pairs.items()}
    rows, columns = zip(*both_ways, strict=True)
    shape = (len(buyers), len(buyers))
    similarity = sparse.csr_matrix((list(both_ways.values()), (rows, columns)), shape)
    return made_categories(similarity, np.array(buyers)).tolist()


def test_products_join_the_one_most_like_them_that_more_clients_buy():
    first, second, third, fourth, fifth, alone = labels(
        {(0, 1): 0.9, (1, 2): 0.8, (3, 4): 0.7, (2, 3): 0.1}, buyers=[9, 5, 3, 8, 4, 7]
    )

    assert first == second == third
    assert fourth == fifth != first
    assert alone == -1


def test_equals_are_told_apart_by_code_and_nothing_known_makes_no_category():
    assert labels({(0, 1): 0.5, (1, 2): 0.5}, buyers=[2, 2, 2]) == [0, 0, 0]
    assert made_categories(sparse.csr_matrix((3, 3)), np.zeros(3)).tolist() == [-1, -1, -1]
    assert made_categories(sparse.csr_matrix((0, 0)), np.zeros(0)).tolist() == []
