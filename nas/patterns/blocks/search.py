"""The search for a hidden pair in blocks of which descriptions alone do not say whether they hold one."""

from math import gcd

import numpy as np

from nas.patterns.arrays import Flags, Positions
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.head import HeadPattern

_MOST_PAIRS = 1 << 20
"""Most pairs that are looked at at once, at some tens of bytes each."""


def holds_no_hidden_pair(head: HeadPattern, tiling: Tiling, row: Positions, column: Positions) -> Flags:
    """Which blocks are visible altogether: a block is dropped at its first hidden pair, and searched whole otherwise.

    Pairs are taken from all over a block, twice as many each time, the one with the first query and the last key first:
    a block that has several hidden pairs is soon dropped.

    Args:
        head: a union of masks.
        tiling: the blocks.
        row: row of each block, shape (blocks,).
        column: column of each block, shape (blocks,).

    Returns:
        shape (blocks,).
    """
    area = tiling.block_q * tiling.block_k
    step = _coprime(area)
    left = np.arange(len(row))
    looked = 0
    while looked < area and len(left):
        more = min(max(looked, 1), area - looked, max(_MOST_PAIRS // len(left), 1))
        place = (tiling.block_k - 1 + step * np.arange(looked, looked + more, dtype=np.int64)) % area
        left = left[_all_visible(head, tiling, row[left], column[left], place)]
        looked += more
    whole = np.zeros(len(row), dtype=np.bool_)
    whole[left] = True
    return whole


def _all_visible(head: HeadPattern, tiling: Tiling, row: Positions, column: Positions, place: Positions) -> Flags:
    """Whether all pairs at these places of each block are visible; a place beyond the last token stands for it."""
    query, key = (part[None, :] for part in np.divmod(place, tiling.block_k))
    last = tiling.num_tokens - 1
    query = np.minimum(row[:, None] * tiling.block_q + query, last)
    key = np.minimum(column[:, None] * tiling.block_k - tiling.memory_rows + key, last)
    own = head.visible(query, np.maximum(key, 0), tiling.num_tokens)
    all_seen: Flags = np.all(np.where(key < 0, key >= -head.memory_tokens, own), axis=1)
    return all_seen


def _coprime(area: int) -> int:
    """A step near the golden section that reaches every place of a circle of this length."""
    return next(step for step in range(int(area * 0.618) + 1, 2 * area + 2) if gcd(step, area) == 1)
