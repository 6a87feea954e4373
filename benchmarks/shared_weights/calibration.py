"""From cheap scores to expected qualities of long trainings, by a few long trainings."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from nas.patterns.counting.pairs import count_pairs
from nas.patterns.model import ModelPattern

from .methods import Numbers

PENALTY = 1.0
"""Of squared weights on standardised inputs, as if one more long training said that nothing matters."""


def window_features(patterns: Sequence[ModelPattern], num_tokens: int) -> Numbers:
    """How wide each layer looks: log2 of the keys that a query sees on average, shape (patterns, layers).

    Args:
        patterns: all with the same number of layers.
        num_tokens: sequence length n, in tokens.
    """
    return np.array(
        [
            [
                np.log2(
                    sum(count_pairs(head, num_tokens) for head in layer.head_patterns()) / layer.num_heads / num_tokens
                )
                for layer in pattern.layers
            ]
            for pattern in patterns
        ]
    )


def calibrated(inputs: ArrayLike, known: Sequence[int], truths: ArrayLike, penalty: float = PENALTY) -> Numbers:
    """Expected qualities by ridge regression on the patterns that were trained long.

    Args:
        inputs: cheap scores and features of all patterns, shape (patterns, inputs).
        known: indices of those trained long, 2 or more.
        truths: their qualities, shape (known,).
        penalty: weight of the squared coefficients, above 0; the intercept is free.

    Returns:
        for all patterns, in the unit of the truths, shape (patterns,).
    """
    given, wanted = np.asarray(inputs, dtype=np.float64), np.asarray(truths, dtype=np.float64)
    spread = given.std(axis=0)
    scaled = (given - given.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    centred = scaled - scaled[known].mean(axis=0)
    some = centred[known]
    normal = some.T @ some + penalty * np.eye(some.shape[1])
    weights = np.linalg.solve(normal, some.T @ (wanted - wanted.mean()))
    expected: Numbers = wanted.mean() + centred @ weights
    return expected
