"""Tiles of consecutive queries: windows, blocks, random blocks, key columns and rows that see everything."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from nas.attention.pieces.masking import Masker
from nas.attention.pieces.tile import MOST_KEYS, NUM_QUERIES, Tile
from nas.patterns.arrays import Flags, Positions
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.support import Band, Support


def consecutive_tiles(supports: Sequence[Support], context: MaskContext, masker: Masker) -> Iterator[Tile]:
    """All tiles of the part that reads the sequence in its own order.

    Args:
        supports: what each primitive of the part shows.
        context: length and causality.
        masker: makes the tiles.
    """
    columns = _any_flag([support.keys for support in supports], context)
    rows = _any_flag([support.queries for support in supports], context)
    bands = [band for support in supports for band in support.bands]
    for queries in _query_slices(rows, NUM_QUERIES):
        keys = _keys(queries, columns, bool(rows[queries.start]), bands, context)
        for start in range(0, len(keys), MOST_KEYS):
            tile = masker.folded(slice(0, 1), queries, keys[start : start + MOST_KEYS])
            if tile is not None:
                yield tile


def _query_slices(rows: Flags, num_queries: int) -> Iterator[slice]:
    """Runs of at most `num_queries` queries; those that see everything are kept apart from the others."""
    turns = np.flatnonzero(rows[1:] != rows[:-1]) + 1
    edges = np.union1d(np.arange(0, len(rows), num_queries), np.append(turns, len(rows)))
    for start, stop in pairwise(edges):
        yield slice(int(start), int(stop))


def _keys(queries: slice, columns: Flags, see_all: bool, bands: Sequence[Band], context: MaskContext) -> Positions:
    """Every key that any of the queries sees, and the queries themselves, in order."""
    if see_all:
        seen = np.ones(context.num_tokens, dtype=np.bool_)
    else:
        seen = columns.copy()
        seen[queries] = True
        for band in bands:
            seen |= _covered(band.start[queries], band.stop[queries], context.num_tokens)
    if context.causal:
        seen[queries.stop :] = False
    return np.flatnonzero(seen)


def _covered(start: Positions, stop: Positions, num_tokens: int) -> Flags:
    """Which keys lie in any of the runs start <= j < stop."""
    real = stop > start
    opened = np.bincount(start[real], minlength=num_tokens + 1)
    closed = np.bincount(stop[real], minlength=num_tokens + 1)
    covered: Flags = np.cumsum(opened - closed)[:num_tokens] > 0
    return covered


def _any_flag(flags: Sequence[Flags | None], context: MaskContext) -> Flags:
    union = np.zeros(context.num_tokens, dtype=np.bool_)
    for flag in flags:
        if flag is not None:
            union |= flag
    return union
