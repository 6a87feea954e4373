"""Two rankings of the same patterns, each beside what is true of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DRAWS = 2_000
"""Resampled sets of patterns behind an interval."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The agreement of both rankings with the truth.

    Args:
        first: Kendall's tau-b of the first with the truth.
        second: of the second.
        low, high: 90% interval of the difference, second less first, over patterns drawn with replacement.
    """

    first: float
    second: float
    low: float
    high: float

    @property
    def difference(self) -> str:
        """`+0.05 (-0.21 to +0.30)`: the second less the first."""
        return f"{self.second - self.first:+.2f} ({self.low:+.2f} to {self.high:+.2f})"


def compare(truth: Sequence[float], first: Sequence[float], second: Sequence[float]) -> Comparison:
    """How well two rankings agree with the truth.

    Args:
        truth: one value a pattern.
        first: values of the same patterns, which order them one way.
        second: the other way.
    """
    orders = [np.sign(np.subtract.outer(values, values)) for values in map(np.asarray, (truth, first, second))]
    draws = np.random.default_rng(0).integers(len(truth), size=(DRAWS, len(truth)))
    differences = [_taus(*(order[np.ix_(draw, draw)] for order in orders)) @ (-1, 1) for draw in draws]
    low, high = np.quantile(differences, (0.05, 0.95))
    one, other = _taus(*orders).tolist()
    return Comparison(one, other, float(low), float(high))


def _taus(truth: Array, *others: Array) -> Array:
    """Kendall's tau-b of the true order of all pairs, shape (n, n), with each of the others."""
    agreement = [(truth * other).sum() / np.sqrt((truth**2).sum() * (other**2).sum()) for other in others]
    return np.array(agreement)
