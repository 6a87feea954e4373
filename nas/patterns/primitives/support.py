"""The support of a primitive: what it shows, described by query and by key in O(n) instead of as an n x n mask.

A primitive's visible set is the union of five simple shapes. Counts and the pieces backend read this
description; the predicate `MaskPrimitive.visible` defines the same set pair by pair.
"""

from dataclasses import dataclass

from nas.patterns.arrays import Flags, Positions


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A run of consecutive keys for each query: start[i] <= j < stop[i].

    Args:
        start: first key of each query, shape (n,), in tokens; within 0..n.
        stop: one past the last key of each query, shape (n,), in tokens; within 0..n. A query with
            stop <= start sees nothing through this band.
    """

    start: Positions
    stop: Positions


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A rectangle of the grid for each query: row_start[i] <= row of j < row_stop[i], and columns likewise.

    Args:
        row_start: first grid row of each query's keys, shape (n,); within 0..rows.
        row_stop: one past the last grid row, shape (n,); within 0..rows, row_start or more.
        column_start: first grid column, shape (n,); within 0..columns.
        column_stop: one past the last grid column, shape (n,); within 0..columns, column_start or more.
        split: whether these rectangles partition the grid, so that all tokens in one share it.
    """

    row_start: Positions
    row_stop: Positions
    column_start: Positions
    column_stop: Positions
    split: bool

    def last_tokens(self, num_columns: int) -> Positions:
        """The last token of every query's rectangle on a grid of `num_columns` columns, shape (n,)."""
        last: Positions = (self.row_stop - 1) * num_columns + self.column_stop - 1
        return last


@dataclass(frozen=True, slots=True)
class Progression:
    """Keys at multiples of a step from the query: j = i - step * k for -after <= k <= before.

    Args:
        step: distance between adjacent keys of the progression, in tokens, 2 or more.
        before: how many earlier keys, in keys (use n if there is no limit).
        after: how many later keys, in keys (use n if there is no limit).
    """

    step: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, eq=False)
class Support:
    """The union of shapes that one primitive shows, before the causal cut.

    Args:
        bands: runs of consecutive keys, one array entry per query.
        boxes: rectangles of the grid, one array entry per query.
        progressions: evenly spaced keys relative to the query.
        keys: True for keys that every query sees, shape (n,); None for none.
        queries: True for queries that see every key, shape (n,); None for none.
    """

    bands: tuple[Band, ...] = ()
    boxes: tuple[Box, ...] = ()
    progressions: tuple[Progression, ...] = ()
    keys: Flags | None = None
    queries: Flags | None = None
