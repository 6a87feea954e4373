"""Exact size of the KV cache that a pattern needs while it decodes token by token."""

from collections.abc import Iterable

import numpy as np

from nas.patterns.head import HeadPattern


def kv_entries(head: HeadPattern, num_tokens: int) -> int:
    """The most entries one head's KV cache ever holds.

    At decoding step t (0 <= t < n) a key j <= t must be kept if some query i with t <= i < n sees it.
    The number of such keys is taken at its largest over all steps. A causal window of w keys with g
    global tokens needs min(n, w + g); a stride s saves nothing but the last s - 1 keys (n - s + 1), since
    every key is visited again.

    A bidirectional head does not decode token by token: it needs all n.

    Args:
        head: any union of primitives.
        num_tokens: sequence length n, prompt and generated tokens together, in tokens.
    """
    return shared_kv_entries((head,), num_tokens)


def shared_kv_entries(heads: Iterable[HeadPattern], num_tokens: int) -> int:
    """The same for query heads that share one key-value head: a key is kept while any of them still sees it.

    Args:
        heads: the query heads of one key-value head, at least one.
        num_tokens: sequence length n, in tokens.
    """
    distinct = set(heads)
    assert distinct, "a key-value head serves at least one query head"
    if not all(head.causal for head in distinct):
        return num_tokens
    seen_by = [primitive.last_query(head.site(num_tokens)) for head in distinct for primitive in set(head.attend)]
    last_query = np.maximum.reduce(seen_by)
    key = np.arange(num_tokens)
    kept = last_query >= key  # earlier queries fall to the causal cut
    arrivals = kept.astype(np.int64)
    departures = np.bincount(last_query[kept] + 1, minlength=num_tokens + 1)[:num_tokens]
    return int((arrivals - departures).cumsum().max())
