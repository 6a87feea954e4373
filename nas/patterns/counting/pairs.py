"""Exact numbers of query-key pairs, from the description of a pattern and never from its mask."""

from collections import Counter

import numpy as np

from nas.patterns.counting.key_counts import KeyCounts
from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives.support import Positions

_ROWS_AT_ONCE = 1 << 14  # temporary arrays of this length stay in the cache: three times as fast as all rows at once


def count_row_pairs(head: HeadPattern, num_tokens: int) -> Positions:
    """How many rows of keys each query is compared with, in time and memory proportional to `num_tokens`.

    Args:
        head: any head; what a computed primitive reads is exact too, since its number does not depend on content.
        num_tokens: sequence length n, in tokens.

    Returns:
        shape (n,), int64; the causal cut and the memory are included.
    """
    if head.computed is not None:
        return head.computed.row_pairs(head.context(num_tokens)) + head.memory_tokens
    counts = KeyCounts(head, num_tokens)
    rows = [slice(start, min(start + _ROWS_AT_ONCE, num_tokens)) for start in range(0, num_tokens, _ROWS_AT_ONCE)]
    return np.concatenate([counts.below(some, num_tokens) for some in rows]) + head.memory_tokens


def count_pairs(head: HeadPattern, num_tokens: int) -> int:
    """How many pairs of a query and a row of keys one head works on; a causal window of w keys: n*w - w*(w-1)/2."""
    return int(count_row_pairs(head, num_tokens).sum())


def model_pairs(pattern: ModelPattern, num_tokens: int) -> int:
    """Pairs summed over all heads of all layers, counted once for each distinct head."""
    heads = Counter(head for layer in pattern.layers for head in layer.head_patterns())
    return sum(count * count_pairs(head, num_tokens) for head, count in heads.items())


def full_pairs(causal: bool, num_tokens: int) -> int:
    """Pairs of a head with full attention: n*(n+1)/2 if causal, n*n if not."""
    return num_tokens * (num_tokens + 1) // 2 if causal else num_tokens * num_tokens
