"""Values that are far worse than the others: a chart that had to hold them would have no room for the rest."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nas.statistics.ranks import Direction

RANGES = 3.0
"""Interquartile ranges beyond the quartile at which a value is far out. Source: Tukey 1977, section 2D."""
LEAST_VALUES = 8
"""Among fewer values none is far out: their quartiles say too little."""


def far_out(values: Sequence[float], direction: Direction) -> NDArray[np.bool_]:
    """Which of some values are far out on the worse side.

    Args:
        values: in one unit, shape (n,).
        direction: minimize if less is better.

    Returns:
        shape (n,); none if the values are few or mostly the same.
    """
    worse = np.asarray(values, float) * (1 if direction == "minimize" else -1)
    if len(worse) < LEAST_VALUES:
        return np.zeros(len(worse), bool)
    low, high = np.quantile(worse, (0.25, 0.75))
    beyond: NDArray[np.bool_] = worse > high + RANGES * (high - low)
    return beyond if high > low else np.zeros(len(worse), bool)
