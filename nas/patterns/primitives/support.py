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
    """A rectangle of the grid for each query: its rows follow from the query's row, its columns from the column.

    Args:
        row_start: first row of the keys that each row of queries sees, shape (rows,); within 0..rows.
        row_stop: one past the last row, shape (rows,); within 0..rows, row_start or more.
        column_start: first column of the keys that each column of queries sees, shape (columns,); within 0..columns.
        column_stop: one past the last column, shape (columns,); within 0..columns, column_start or more.
        split: whether these rectangles partition the grid, so that all tokens in one share it.
    """

    row_start: Positions
    row_stop: Positions
    column_start: Positions
    column_stop: Positions
    split: bool

    @property
    def bounds(self) -> tuple[bytes, ...]:
        """Equal for boxes with the same rectangles."""
        bounds = (self.row_start, self.row_stop, self.column_start, self.column_stop)
        return tuple(bound.tobytes() for bound in bounds)

    def last_tokens(self) -> Positions:
        """The last token of every query's rectangle, shape (n,)."""
        last: Positions = (self.row_stop[:, None] - 1) * len(self.column_stop) + self.column_stop - 1
        return last.reshape(-1)


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
        boxes: rectangles of the grid, one array entry per row or column.
        progressions: evenly spaced keys relative to the query.
        keys: True for keys that every query sees, shape (n,); None for none.
        queries: True for queries that see every key, shape (n,); None for none.
    """

    bands: tuple[Band, ...] = ()
    boxes: tuple[Box, ...] = ()
    progressions: tuple[Progression, ...] = ()
    keys: Flags | None = None
    queries: Flags | None = None
