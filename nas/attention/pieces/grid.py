"""Tiles of rectangles of the grid: for stripes and tiles, which cut the grid, and for boxes around each query."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from nas.attention.pieces.masking import Masker
from nas.attention.pieces.tile import MOST_KEYS, MOST_SCORES, NUM_QUERIES, Tile
from nas.patterns.arrays import Positions
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.support import Support

_SIDE = 8
"""Side of the squares of queries that share their keys where every query has its own box, in rows or columns."""


@dataclass(frozen=True, slots=True)
class _Span:
    """One axis of a rectangle of queries and of the rectangle of keys that they see, in rows or columns.

    Args:
        queries: length of the queries' rectangle.
        keys: length of the keys' rectangle.
        shift: from the first query to the first key.
    """

    queries: int
    keys: int
    shift: int


def grid_tiles(supports: Sequence[Support], context: MaskContext, masker: Masker) -> Iterator[Tile]:
    """All tiles of a part with boxes: equal rectangles are classes of one tile.

    Args:
        supports: what the only primitive of the part shows: one box.
        context: length, causality and grid.
        masker: makes the tiles.
    """
    ((box,),) = (support.boxes for support in supports)
    assert context.grid is not None
    along_rows = _spans(box.row_start, box.row_stop, box.split)
    along_columns = _spans(box.column_start, box.column_stop, box.split)
    for (rows, tops), (columns, lefts) in product(along_rows.items(), along_columns.items()):
        origins = _tokens(tops, lefts, context.grid)
        queries = _tokens(np.arange(rows.queries), np.arange(columns.queries), context.grid)
        keys = _tokens(np.arange(rows.keys) + rows.shift, np.arange(columns.keys) + columns.shift, context.grid)
        for start in range(0, len(queries), NUM_QUERIES):
            yield from _tiles(origins, queries[start : start + NUM_QUERIES], keys, context, masker)


def _tiles(
    origins: Positions, queries: Positions, keys: Positions, context: MaskContext, masker: Masker
) -> Iterator[Tile]:
    """A few queries of each class by all keys they may see; both as distances from the origins."""
    if context.causal:
        keys = keys[keys <= queries[-1]]
    for start in range(0, len(keys), MOST_KEYS):
        some_keys = keys[start : start + MOST_KEYS]
        at_once = max(1, MOST_SCORES // (len(queries) * len(some_keys)))
        for first in range(0, len(origins), at_once):
            tile = masker.placed(origins[first : first + at_once], queries, some_keys)
            if tile is not None:
                yield tile


def _spans(start: Positions, stop: Positions, split: bool) -> dict[_Span, Positions]:
    """Where the rectangles of queries begin along one axis, grouped by equal spans.

    Args:
        start: the first row (or column) of the keys that each row (or column) of queries sees.
        stop: one past the last.
        split: whether the axis is cut into stretches that see themselves.
    """
    edges = np.unique(start) if split else np.arange(0, len(start), _SIDE)
    sizes = np.diff(edges, append=len(start))
    first, last = np.minimum.reduceat(start, edges), np.maximum.reduceat(stop, edges)
    alike: defaultdict[_Span, list[int]] = defaultdict(list)
    for edge, queries, keys, shift in zip(edges, sizes, last - first, first - edges, strict=True):
        alike[_Span(int(queries), int(keys), int(shift))].append(int(edge))
    return {span: np.array(begins, dtype=np.int64) for span, begins in alike.items()}


def _tokens(rows: Positions, columns: Positions, grid: tuple[int, int]) -> Positions:
    """Tokens (or distances between tokens) of a rectangle, row by row."""
    tokens: Positions = (rows[:, None] * grid[1] + columns).reshape(-1)
    return tokens
