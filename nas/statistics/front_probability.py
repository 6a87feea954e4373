"""The probability of being on a front when some objectives are known with noise only; all are to be minimised."""

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[np.float64]


def front_probabilities(exact: _Array, drawn: _Array) -> _Array:
    """The share of the draws in which no other item dominates an item.

    Args:
        exact: objectives that are known exactly, shape (items, c); c may be 0.
        drawn: joint draws of the others, shape (draws, items, q).

    Returns:
        shape (items,), 0 to 1.
    """
    found = np.empty(len(exact))
    for item, costs in enumerate(exact):
        others = np.flatnonzero((exact <= costs).all(axis=1))
        cheaper = (exact[others] < costs).any(axis=1)
        theirs, own = drawn[:, others], drawn[:, [item]]
        dominated = (theirs <= own).all(axis=2) & (cheaper | (theirs < own).any(axis=2))
        found[item] = 1 - dominated.any(axis=1).mean()
    return found
