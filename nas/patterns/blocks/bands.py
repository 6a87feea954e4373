"""Blocks touched by runs of consecutive keys, and the runs that a union of bands leaves open."""

from collections.abc import Iterator

import numpy as np

from nas.patterns.arrays import Flags, Positions
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.counting.band_edges import sorted_edges
from nas.patterns.primitives.support import Band


def touched(tiling: Tiling, rows: slice, start: Positions, stop: Positions) -> Flags:
    """Which blocks hold a key in start <= j < stop of one of their queries.

    Each query adds 1 at its first block and takes it away past its last one; sums along a row are above 0 in between.

    Args:
        tiling: the blocks.
        rows: the rows of blocks, as a slice with both ends given.
        start: first key of each query of these rows, shape (queries,).
        stop: one past its last key; a query with stop <= start has none.

    Returns:
        shape (rows, columns).
    """
    real = np.flatnonzero(start < stop)
    width, num_rows = tiling.num_columns + 1, rows.stop - rows.start
    if not len(real):  # often: few patterns have queries that see everything, or keys after a window
        return np.zeros((num_rows, tiling.num_columns), dtype=np.bool_)
    row = real // tiling.block_q * width
    first = row + (start[real] + tiling.memory_rows) // tiling.block_k
    past = row + (stop[real] - 1 + tiling.memory_rows) // tiling.block_k + 1
    size = num_rows * width
    balance = np.bincount(first, minlength=size) - np.bincount(past, minlength=size)
    open_rows: Positions = balance.reshape(num_rows, width).cumsum(axis=1)
    return open_rows[:, :-1] > 0


def gaps(bands: tuple[Band, ...], queries: slice, num_tokens: int) -> Iterator[tuple[Positions, Positions]]:
    """Start and stop of the runs of keys that no band shows to each query; some are empty."""
    starts, stops = sorted_edges(bands, queries)
    nothing = np.zeros(queries.stop - queries.start, dtype=np.int64)
    yield from zip([nothing, *stops], [*starts, nothing + num_tokens], strict=True)
