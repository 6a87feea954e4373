"""Blocks touched by rectangles of the grid.

Blocks are cut at the ends of the grid's rows into segments: consecutive tokens of one row. Whether a segment of queries
sees some or all of a segment of keys follows from their rows and columns alone.
"""

from dataclasses import dataclass

import numpy as np

from nas.patterns.arrays import Flags, Positions
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.primitives.support import Box


@dataclass(frozen=True, slots=True, eq=False)
class _Segments:
    """Consecutive tokens of one row of the grid each.

    Args:
        row: its row, shape (segments,).
        first: its first column, shape (segments,).
        stop: one past its last column, shape (segments,).
        blocks: the first segment of each block, shape (blocks,).
    """

    row: Positions
    first: Positions
    stop: Positions
    blocks: Positions

    @classmethod
    def of(cls, block_starts: Positions, stop: int, columns: int) -> "_Segments":
        """The segments of blocks that follow one another and end at token `stop`."""
        row_starts = np.arange(block_starts[0] // columns * columns + columns, stop, columns)
        starts = np.union1d(block_starts, row_starts)
        row, first = np.divmod(starts, columns)
        return cls(row, first, first + np.diff(starts, append=stop), np.searchsorted(starts, block_starts))


def in_box(box: Box, causal: bool, tiling: Tiling, rows: slice) -> tuple[Flags, Flags]:
    """Which blocks hold a pair of the box, and which hold no other.

    Args:
        box: a rectangle for each query.
        causal: whether later keys are cut off.
        tiling: the blocks; its tokens are those of the grid.
        rows: the rows of blocks, as a slice with both ends given.

    Returns:
        both of shape (rows, columns); a block with rows of the memory alone holds none and counts as having no other.
    """
    width, some_rows = len(box.column_start), tiling.queries(rows)
    queries = _Segments.of(np.arange(some_rows.start, some_rows.stop, tiling.block_q), some_rows.stop, width)
    first_key, stop_key = tiling.own_key_edges()
    own = np.flatnonzero(first_key < stop_key)
    keys = _Segments.of(first_key[own], tiling.num_tokens, width)

    row = queries.row[:, None]
    seen = (box.row_start[row] <= keys.row) & (keys.row < box.row_stop[row])
    every = seen & _sees_all_columns(box, queries, keys)
    some = _sees_some_column(box.column_start, box.column_stop, queries, keys)
    if causal:
        cut = np.minimum(box.column_stop, np.arange(1, width + 1))
        here = keys.row == row
        some = np.where(here, _sees_some_column(box.column_start, cut, queries, keys), some & (keys.row < row))
        every &= (keys.row < row) | (here & (keys.stop <= queries.first[:, None] + 1))
    return (
        _by_block(np.logical_or, seen & some, queries, keys, own[0], fill=False),
        _by_block(np.logical_and, every, queries, keys, own[0], fill=True),
    )


def _sees_some_column(start: Positions, stop: Positions, queries: _Segments, keys: _Segments) -> Flags:
    """Whether a query of one segment sees a column of another, shape (segments of queries, segments of keys)."""
    width = len(start) + 1
    segment, column = _columns(queries)
    real = start[column] < stop[column]
    segment, column = segment[real] * width, column[real]
    size = len(queries.row) * width
    edges = np.bincount(segment + start[column], minlength=size) - np.bincount(segment + stop[column], minlength=size)
    seen = edges.reshape(-1, width).cumsum(axis=1) > 0
    below = np.zeros((len(queries.row), width), dtype=np.int32)  # how many of the columns before each one are seen
    np.cumsum(seen[:, :-1], axis=1, dtype=np.int32, out=below[:, 1:])
    some: Flags = below[:, keys.stop] > below[:, keys.first]
    return some


def _sees_all_columns(box: Box, queries: _Segments, keys: _Segments) -> Flags:
    """Whether all queries of one segment see all columns of another, of the same shape."""
    segment, column = _columns(queries)
    starts = np.searchsorted(segment, np.arange(len(queries.row)))
    last_start = np.maximum.reduceat(box.column_start[column], starts)[:, None]
    first_stop = np.minimum.reduceat(box.column_stop[column], starts)[:, None]
    every: Flags = (last_start <= keys.first) & (keys.stop <= first_stop)
    return every


def _columns(segments: _Segments) -> tuple[Positions, Positions]:
    """The segment and the column of each of their tokens."""
    sizes = segments.stop - segments.first
    segment = np.repeat(np.arange(len(sizes)), sizes)
    start = np.cumsum(sizes) - sizes
    return segment, np.arange(len(segment)) - start[segment] + segments.first[segment]


def _by_block(
    combine: np.ufunc, flags: Flags, queries: _Segments, keys: _Segments, memory_columns: int, *, fill: bool
) -> Flags:
    """Segments combined to blocks, with columns that hold rows of the memory alone in front."""
    own = combine.reduceat(combine.reduceat(flags, queries.blocks, axis=0), keys.blocks, axis=1)
    return np.pad(own, ((0, 0), (memory_columns, 0)), constant_values=fill)
