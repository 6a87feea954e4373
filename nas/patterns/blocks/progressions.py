"""Blocks touched by evenly spaced keys, in closed form."""

import numpy as np

from nas.patterns.arrays import Flags
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.primitives.support import Progression


def on_progression(progression: Progression, causal: bool, tiling: Tiling, rows: slice) -> Flags:
    """Which blocks hold a pair of the progression: those with a multiple of its step among their distances i - j.

    A block holds every distance from its smallest to its largest.

    Args:
        progression: evenly spaced keys relative to the query.
        causal: whether later keys are cut off.
        tiling: the blocks.
        rows: the rows of blocks, as a slice with both ends given.

    Returns:
        shape (rows, columns).
    """
    first, stop = tiling.query_edges(rows)
    first_key, stop_key = tiling.own_key_edges()
    step = progression.step
    nearest = np.maximum(first - stop_key + 1, 0 if causal else -progression.after * step)
    farthest = np.minimum(stop - 1 - first_key, progression.before * step)
    held: Flags = (farthest // step * step >= nearest) & (first_key < stop_key)
    return held
