"""Pairs of one head, quickly where a thousand heads differ only in the random blocks they drew."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from nas.patterns.counting.key_counts import KeyCounts
from nas.patterns.counting.pairs import count_pairs
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Random
from nas.patterns.primitives.random_blocks import draw_blocks
from nas.patterns.primitives.support import Positions

_MOST_BLOCKS = 256  # a table for more block rows takes longer than counting heads one by one


@lru_cache(maxsize=4096)
def head_pairs(head: HeadPattern, num_tokens: int) -> int:
    """How many pairs the head's mask allows: `count_pairs`, remembered, since a search meets the same heads again.

    No two heads of a large model draw the same random blocks. What each block adds to the rest of the union is the
    same for all of them, so it is tabulated once and only looked up for every head.
    """
    drawing = [primitive for primitive in head.attend if isinstance(primitive, Random)]
    if len(drawing) != 1 or num_tokens > _MOST_BLOCKS * drawing[0].block:
        return count_pairs(head, num_tokens)
    (random,) = drawing
    rest = replace(head, attend=tuple(primitive for primitive in head.attend if primitive is not random)).placed(0, 0)
    drawn = draw_blocks(random, head.context(num_tokens))
    added = np.take_along_axis(_added_by_block(rest, random.block, num_tokens), np.maximum(drawn, 0), axis=1)
    return head_pairs(rest, num_tokens) + int(added[drawn >= 0].sum())


@lru_cache(maxsize=256)  # as many unions as a space has beside random blocks; half a MiB each at most
def _added_by_block(rest: HeadPattern, block: int, num_tokens: int) -> Positions:
    """Pairs that each block adds beside `rest`, shape (block rows, key blocks)."""
    counts, rows = KeyCounts(rest, num_tokens), slice(0, num_tokens)
    query = np.arange(num_tokens)
    hidden = []
    for edge in range(block, num_tokens + block, block):
        stop = min(edge, num_tokens)
        allowed = np.minimum(query + 1, stop) if rest.causal else stop
        hidden.append(np.add.reduceat(allowed - counts.below(rows, stop), query[::block]))
    return np.diff(np.stack(hidden, axis=1), axis=1, prepend=0)
