"""Exact size of the KV cache that a pattern needs while it decodes token by token."""

from collections.abc import Iterable

import numpy as np

from nas.patterns.head import HeadPattern


def kv_entries(heads: Iterable[HeadPattern], num_tokens: int) -> int:
    """The most entries that one key-value head's cache ever holds, for the query heads that share it.

    At decoding step t (0 <= t < n) a key j <= t must be kept if some query i with t <= i < n sees it, on any of the
    heads. The result is the largest number of such keys over all steps. A causal window of w keys with g
    global tokens needs min(n, w + g); a stride s saves nothing but the last s - 1 keys (n - s + 1), since
    every key is visited again.

    A bidirectional head does not decode token by token: it needs all n, or the projected rows of `low_rank`.
    Tokens of the previous segment are cached as well.

    Args:
        heads: the query heads of one key-value head, at least one; any unions of primitives.
        num_tokens: sequence length n, prompt and generated tokens together, in tokens.

    Raises:
        PatternError: the grid does not have `num_tokens` places.
    """
    distinct = list(dict.fromkeys(heads))
    assert distinct, "a key-value head has at least one query head"
    projected = [head.computed.projected_rows if head.computed else 0 for head in distinct]
    reading = [head.outline() for head, rows in zip(distinct, projected, strict=True) if not rows]
    memory_tokens = max(head.memory_tokens for head in distinct)
    return max(projected) + _keys_held(reading, num_tokens) + memory_tokens


def _keys_held(heads: list[HeadPattern], num_tokens: int) -> int:
    if not heads or not all(head.causal for head in heads):
        return num_tokens if heads else 0
    last_query = np.full(num_tokens, -1, dtype=np.int64)
    for head in heads:
        for mask in set(head.masks):
            np.maximum(last_query, mask.last_query(head.context(num_tokens)), out=last_query)
    key = np.arange(num_tokens)
    kept = last_query >= key  # earlier queries fall to the causal cut
    arrivals = kept.astype(np.int64)
    departures = np.bincount(last_query[kept] + 1, minlength=num_tokens + 1)[:num_tokens]
    return int((arrivals - departures).cumsum().max())
