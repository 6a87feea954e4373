"""The reach of a pattern: which tokens can influence which through its layers, from its masks alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.patterns.arrays import Flags
from nas.patterns.model import ModelPattern


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """How many pairs of positions are connected.

    Args:
        share: of all pairs (j <= i if causal), those where token j can influence the output at i, 0 to 1.
        share_by_distance: the same among the pairs at each distance, shape (n,): entry d for i - j = d,
            in a bidirectional pattern for abs(i - j) = d.
    """

    share: float
    share_by_distance: NDArray[np.float64]


def reach(pattern: ModelPattern, num_tokens: int) -> Reach:
    """Follow every token through the layers.

    In each layer, information moves along any head's mask or stays in place (the residual stream). What is not
    connected cannot be learned; what is may be. `select` may choose any earlier block and `low_rank` mixes all
    tokens, so both count for all pairs that they could connect. The previous segment is not included.

    Args:
        pattern: the whole model's pattern.
        num_tokens: sequence length n, in tokens; time grows with its cube (about a second per layer at 4,096).
    """
    connected = connections(pattern, num_tokens)
    token = np.arange(num_tokens)
    distance = token[:, None] - token[None, :]
    counted = distance >= 0 if pattern.causal else np.ones_like(connected)
    by_distance = np.abs(distance[counted])
    reached = np.bincount(by_distance, weights=connected[counted], minlength=num_tokens)
    return Reach(float(connected[counted].mean()), reached / np.bincount(by_distance, minlength=num_tokens))


def connections(pattern: ModelPattern, num_tokens: int) -> Flags:
    """Whether token j can influence the output at position i, bool, shape (i, j)."""
    reached = np.eye(num_tokens, dtype=np.float32)
    for layer in pattern.layers:
        step = np.eye(num_tokens, dtype=np.bool_)
        for outline in {head.outline() for head in layer.head_patterns()}:
            step |= outline.mask(num_tokens)
        reached = (step.astype(np.float32) @ reached > 0).astype(np.float32)
    return reached > 0
