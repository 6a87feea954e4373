"""Which blocks of a head's mask hold visible pairs, and which hold no others.

Both are exact, and follow from the description of the primitives (`Support`) in time and memory proportional to queries
and blocks. Bands, keys and queries that see or are seen by all are joined exactly. Only where strides, dilations or
shapes on the grid might complete what those leave open is a block searched for a hidden pair (`search.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np

from nas.patterns.arrays import Flags, Positions
from nas.patterns.blocks.bands import gaps, touched
from nas.patterns.blocks.boxes import in_box
from nas.patterns.blocks.progressions import on_progression
from nas.patterns.blocks.search import holds_no_hidden_pair
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.head import HeadPattern
from nas.patterns.primitives.support import Band, Box, Progression

_BLOCKS_AT_ONCE = 1 << 20
"""Blocks that are in memory at once while those of a long sequence are made, at some tens of bytes each."""

_QUERIES_AT_ONCE = 1 << 12
"""Queries whose runs are in memory at once: larger new arrays cost page faults, which were half of the time."""


@dataclass(frozen=True, slots=True, eq=False)
class VisibleBlocks:
    """Some rows of blocks of one head.

    Args:
        nonempty: whether a block holds a visible pair, shape (rows, columns).
        full: whether all pairs of a block are visible, of the same shape. In a shorter last block only real queries
            and keys count.
    """

    nonempty: Flags
    full: Flags

    @property
    def partial(self) -> Flags:
        """Whether a block holds both visible and hidden pairs, of the same shape."""
        return self.nonempty & ~self.full


def visible_blocks(head: HeadPattern, tiling: Tiling) -> VisibleBlocks:
    """All blocks of a head at once.

    Args:
        head: a union of masks, with or without a memory.
        tiling: the blocks.

    Raises:
        PatternError: the grid does not have `tiling.num_tokens` places, or the head has a computed primitive.
    """
    parts = list(blocks_by_rows(head, tiling))
    return VisibleBlocks(np.concatenate([part.nonempty for part in parts]), np.concatenate([p.full for p in parts]))


def blocks_by_rows(head: HeadPattern, tiling: Tiling) -> Iterator[VisibleBlocks]:
    """All blocks of a head, a few rows of blocks at a time, from the first row on; see `visible_blocks`."""
    shapes = _Shapes.of(head, tiling.num_tokens)
    for rows in _slices(tiling):
        yield _some_rows(head, shapes, tiling, rows)


def nonempty_by_rows(head: HeadPattern, tiling: Tiling) -> Iterator[Flags]:
    """Which blocks hold a visible pair, a few rows of blocks at a time: `blocks_by_rows` without those that are full.

    Args:
        head: see `visible_blocks`.
        tiling: the blocks.

    Yields:
        shape (some rows, columns).
    """
    shapes = _Shapes.of(head, tiling.num_tokens)
    for rows in _slices(tiling):
        of_runs = _seen_in_runs(shapes, head.causal, tiling, rows) | _seen_memory(head, tiling)
        yield of_runs | _seen_in_shapes(shapes, head.causal, tiling, rows)[0]


def _slices(tiling: Tiling) -> Iterator[slice]:
    at_once = max(1, min(_BLOCKS_AT_ONCE // tiling.num_columns, _QUERIES_AT_ONCE // tiling.block_q))
    for start in range(0, tiling.num_rows, at_once):
        yield slice(start, min(start + at_once, tiling.num_rows))


@dataclass(frozen=True, slots=True, eq=False)
class _Shapes:
    """The shapes of all primitives of a head, by kind.

    Args:
        keys: that all queries see, shape (n,).
        queries: that see all keys, shape (n,).
        next_other: the first key from each one on that is not in `keys`, n if there is none, shape (n + 1,).
        past_other: one past the last such key before each one, 0 if there is none, shape (n + 1,).
    """

    bands: tuple[Band, ...]
    boxes: tuple[Box, ...]
    progressions: tuple[Progression, ...]
    keys: Flags
    queries: Flags
    next_other: Positions
    past_other: Positions

    @classmethod
    def of(cls, head: HeadPattern, num_tokens: int) -> "_Shapes":
        supports = [mask.support(head.context(num_tokens)) for mask in head.masks]
        nothing = np.zeros(num_tokens, dtype=np.bool_)
        keys = reduce(np.logical_or, (support.keys for support in supports if support.keys is not None), nothing)
        key = np.arange(num_tokens + 1)
        from_here = np.append(np.where(keys, num_tokens, key[:-1]), num_tokens)
        return cls(
            tuple(band for support in supports for band in support.bands),
            tuple(box for support in supports for box in support.boxes),
            tuple(progression for support in supports for progression in support.progressions),
            keys,
            reduce(np.logical_or, (support.queries for support in supports if support.queries is not None), nothing),
            next_other=np.minimum.accumulate(from_here[::-1])[::-1],
            past_other=np.maximum.accumulate(np.append(0, np.where(keys, 0, key[1:]))),
        )


def _some_rows(head: HeadPattern, shapes: _Shapes, tiling: Tiling, rows: slice) -> VisibleBlocks:
    nonempty = _seen_in_runs(shapes, head.causal, tiling, rows) | _seen_memory(head, tiling)
    impossible = _cut_off(head, tiling, rows)
    others, filled = _seen_in_shapes(shapes, head.causal, tiling, rows)
    nonempty |= others
    full = nonempty & ~impossible & (filled | ~_left_open(shapes, head.causal, tiling, rows))
    row, column = np.nonzero(others & ~full & ~impossible)
    full[row, column] = holds_no_hidden_pair(head, tiling, row + rows.start, column)
    return VisibleBlocks(nonempty, full)


def _seen_in_runs(shapes: _Shapes, causal: bool, tiling: Tiling, rows: slice) -> Flags:
    """Blocks that hold a pair of a band, or of a query or a key that sees or is seen by all."""
    queries = tiling.queries(rows)
    allowed = _allowed(causal, tiling, queries)
    everything = np.where(shapes.queries[queries], allowed, 0)
    seen = touched(tiling, rows, np.zeros_like(everything), everything)
    for band in shapes.bands:
        seen |= touched(tiling, rows, band.start[queries], np.minimum(band.stop[queries], allowed))
    fixed = np.flatnonzero(shapes.keys)[::-1]
    earliest = np.full(tiling.num_columns, tiling.num_tokens)
    earliest[(fixed + tiling.memory_rows) // tiling.block_k] = fixed  # the last one given stays: the first of a block
    return seen | (earliest < (tiling.query_edges(rows)[1] if causal else tiling.num_tokens))


def _seen_in_shapes(shapes: _Shapes, causal: bool, tiling: Tiling, rows: slice) -> tuple[Flags, Flags]:
    """Blocks that hold a pair of a progression or a rectangle, and those that a rectangle fills."""
    some, every = (np.zeros((rows.stop - rows.start, tiling.num_columns), dtype=np.bool_) for _ in range(2))
    for progression in shapes.progressions:
        some |= on_progression(progression, causal, tiling, rows)
    for box in shapes.boxes:
        of_box, whole = in_box(box, causal, tiling, rows)
        some |= of_box
        every |= whole
    return some, every


def _left_open(shapes: _Shapes, causal: bool, tiling: Tiling, rows: slice) -> Flags:
    """Blocks with a pair that the causal cut allows and that no band, query or key of `_seen_in_runs` shows."""
    queries = tiling.queries(rows)
    allowed = np.where(shapes.queries[queries], 0, _allowed(causal, tiling, queries))
    next_other, past_other = shapes.next_other, shapes.past_other
    left = np.zeros((rows.stop - rows.start, tiling.num_columns), dtype=np.bool_)
    for start, stop in gaps(shapes.bands, queries, tiling.num_tokens):
        left |= touched(tiling, rows, next_other[start], past_other[np.minimum(stop, allowed)])
    first, stop_key = tiling.own_key_edges()
    return left & (next_other[first] < stop_key)  # blocks between the ends of a gap may be seen by all


def _cut_off(head: HeadPattern, tiling: Tiling, rows: slice) -> Flags:
    """Blocks with a key after a query if the head is causal, or with a row of the memory that it does not see."""
    first, stop = tiling.key_edges()
    unseen: Flags = np.broadcast_to(first < -head.memory_tokens, (rows.stop - rows.start, len(first)))
    return unseen | (stop > tiling.query_edges(rows)[0] + 1) if head.causal else unseen


def _seen_memory(head: HeadPattern, tiling: Tiling) -> Flags:
    """Blocks with a row of the memory that the head sees, shape (columns,)."""
    first, stop = tiling.key_edges()
    return np.maximum(first, -head.memory_tokens) < np.minimum(stop, 0)


def _allowed(causal: bool, tiling: Tiling, queries: slice) -> Positions:
    """One past the last key that each query may see."""
    query = np.arange(queries.start, queries.stop, dtype=np.int64)
    return query + 1 if causal else np.full_like(query, tiling.num_tokens)
