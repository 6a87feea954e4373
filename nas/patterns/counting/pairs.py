"""Exact numbers of query-key pairs, from the description of a pattern instead of its mask."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from nas.patterns.arrays import Positions
from nas.patterns.counting.key_counts import KeyCounts
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Random
from nas.patterns.primitives.random_blocks import draw_blocks, draw_row

_ROWS_AT_ONCE = 1 << 14
"""Queries counted at once: temporary arrays of this length fit in the CPU's cache, which is three times as fast."""

_MOST_BLOCK_ROWS = 256
"""Most block rows for which pairs are tabulated; beyond that, counting every head separately is faster."""


def count_row_pairs(head: HeadPattern, num_tokens: int) -> Positions:
    """How many rows of keys each query is compared with, in time and memory proportional to `num_tokens`.

    Args:
        head: any head; exact for computed primitives too, since how many rows they read does not depend on content.
        num_tokens: sequence length n, in tokens.

    Returns:
        shape (n,), int64; the causal cut and the memory are included.

    Raises:
        PatternError: the grid does not have `num_tokens` places.
    """
    if head.computed is not None:
        return head.computed.row_pairs(head.context(num_tokens)) + head.memory_tokens
    counts = KeyCounts(head, num_tokens)
    rows = [slice(start, min(start + _ROWS_AT_ONCE, num_tokens)) for start in range(0, num_tokens, _ROWS_AT_ONCE)]
    return np.concatenate([counts.below(some, num_tokens) for some in rows]) + head.memory_tokens


@lru_cache(maxsize=4096)
def count_pairs(head: HeadPattern, num_tokens: int) -> int:
    """How many pairs of a query and a row of keys one head computes; a causal window of w keys: n*w - w*(w-1)/2.

    Cached, since a search meets the same heads in trial after trial. No two heads of a large model draw the same
    random blocks, but what each block adds to the rest of the union is the same for all of them: it is tabulated once
    and looked up for every head.

    Args:
        head: any head.
        num_tokens: sequence length n, in tokens.

    Raises:
        PatternError: the grid does not have `num_tokens` places.
    """
    drawing = [primitive for primitive in head.attend if isinstance(primitive, Random)]
    others = tuple(primitive for primitive in head.attend if not isinstance(primitive, Random))
    if len(drawing) != 1 or not others or num_tokens > _MOST_BLOCK_ROWS * drawing[0].block:
        return int(count_row_pairs(head, num_tokens).sum())
    (random,), rest = drawing, replace(head, attend=others).placed(0, 0)
    drawn = draw_blocks(random, head.context(num_tokens))
    added = np.take_along_axis(_added_by_block(rest, random.block, num_tokens), np.maximum(drawn, 0), axis=1)
    return count_pairs(rest, num_tokens) + int(added[drawn >= 0].sum())


@lru_cache(maxsize=4096)
def count_last_pairs(head: HeadPattern, num_tokens: int) -> int:
    """How many rows of keys the last query is compared with: those that decoding one token at this length reads.

    Args:
        head: any head.
        num_tokens: sequence length n, in tokens.

    Raises:
        PatternError: the grid does not have `num_tokens` places.
    """
    if head.computed is not None:
        return int(head.computed.row_pairs(head.context(num_tokens))[-1]) + head.memory_tokens
    context, last, keys = head.context(num_tokens), num_tokens - 1, np.arange(num_tokens)
    seen = np.zeros(num_tokens, dtype=np.bool_)
    for primitive in head.masks:
        if isinstance(primitive, Random):  # one row of blocks is drawn, not the table of all
            row = last // primitive.block
            for number in draw_row(primitive, context.layer, context.head, row, row + 1):
                seen[number * primitive.block : (number + 1) * primitive.block] = True
        else:
            seen |= primitive.visible(np.array(last), keys, context)
    return int(np.count_nonzero(seen)) + head.memory_tokens


def full_pairs(causal: bool, num_tokens: int) -> int:
    """Pairs of a head with full attention: n*(n+1)/2 if causal, n*n if not."""
    return num_tokens * (num_tokens + 1) // 2 if causal else num_tokens * num_tokens


@lru_cache(maxsize=256)  # as many unions as a space combines with random blocks; at most half a MiB each
def _added_by_block(rest: HeadPattern, block: int, num_tokens: int) -> Positions:
    """Pairs that each block adds to `rest`, shape (block rows, key blocks)."""
    counts, rows = KeyCounts(rest, num_tokens), slice(0, num_tokens)
    query = np.arange(num_tokens)
    hidden = []
    for edge in range(block, num_tokens + block, block):
        stop = min(edge, num_tokens)
        allowed = np.minimum(query + 1, stop) if rest.causal else stop
        hidden.append(np.add.reduceat(allowed - counts.below(rows, stop), query[::block]))
    return np.diff(np.stack(hidden, axis=1), axis=1, prepend=0)
