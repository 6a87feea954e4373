"""Counting the union of progressions and boxes by inclusion and exclusion."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from nas.errors import PatternError
from nas.patterns.arrays import Flags, Positions
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.support import Box, Progression, Support


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """Keys that lie on a progression and in a box, without those that every query sees, counted with a sign.

    Args:
        sign: how much each key counts.
        progression: where the keys lie relative to the query; None for anywhere.
        box: where on the grid they lie; None for anywhere.
        columns: columns of the grid; 0 without a box.
        fixed: prefix sums of the keys that every query sees: along the progression (`_along`), or over the grid
            where there is no progression (`_over`); None if there are no such keys.
        causal: whether no key after the query is counted.
    """

    sign: int
    progression: Progression | None
    box: Box | None
    columns: int
    fixed: NDArray[np.int32] | NDArray[np.int64] | None
    causal: bool

    @property
    def steps(self) -> int:
        """Passes over the queries that `count` takes: one per row of the box if there is a progression too."""
        if self.box is None or self.progression is None:
            return 1
        return int((self.box.row_stop - self.box.row_start).max())

    def count(self, query: Positions, start: Positions, stop: Positions) -> Positions:
        """Keys in start <= j < stop for each query, times the sign; all of shape (rows,), consecutive queries."""
        if self.box is None:
            return self._signed(self._on_progression(query, start, stop))
        box = _of_queries(self.box, query)
        if self.progression is None:
            below = self._in_box(box, stop)
            return self._signed(below - self._in_box(box, start) if start.any() else below)
        counted = np.zeros_like(query)
        for row in range(int(box.row_start.min()), int(box.row_stop.max())):
            first = np.maximum(start, row * self.columns + box.column_start)
            last = np.minimum(stop, row * self.columns + box.column_stop)
            real = (box.row_start <= row) & (row < box.row_stop) & (first < last)
            counted += np.where(real, self._on_progression(query, np.minimum(first, last), last), 0)
        return self._signed(counted)

    def _signed(self, counted: Positions) -> Positions:
        return counted if self.sign == 1 else self.sign * counted

    def _on_progression(self, query: Positions, start: Positions, stop: Positions) -> Positions:
        return self._on_progression_below(query, stop) - self._on_progression_below(query, start)

    def _on_progression_below(self, query: Positions, edge: Positions) -> Positions:
        """Up to a constant for each query: only differences are meaningful."""
        assert self.progression is not None
        step = self.progression.step
        if self.progression.before * step <= query[-1]:
            edge = np.maximum(edge, query - self.progression.before * step)
        if not self.causal:
            edge = np.minimum(edge, query + self.progression.after * step + 1)
        steps: Positions = (edge - query - 1) // step
        if self.fixed is not None:
            steps = steps - self.fixed.take(query + (steps + 1) * step)
        return steps

    def _in_box(self, box: Box, edge: Positions) -> Positions:
        """Keys j < edge of the box: its whole rows, and its part of the row that the edge cuts."""
        row, column = np.divmod(edge, self.columns)
        whole = np.clip(row, box.row_start, box.row_stop)
        cut = np.clip(column, box.column_start, box.column_stop)
        cut = np.where((box.row_start <= row) & (row < box.row_stop), cut, box.column_start)
        counted: Positions = (whole - box.row_start) * (box.column_stop - box.column_start) + cut - box.column_start
        if self.fixed is None:
            return counted
        left, right = box.column_start, box.column_stop
        below = np.minimum(whole + 1, len(self.fixed) - 1)
        counted -= self._fixed_in(whole, right) - self._fixed_in(whole, left)
        counted += self._fixed_in(box.row_start, right) - self._fixed_in(box.row_start, left)
        counted -= self._fixed_in(below, cut) - self._fixed_in(below, left)
        counted += self._fixed_in(whole, cut) - self._fixed_in(whole, left)
        return counted

    def _fixed_in(self, rows: Positions, columns: Positions) -> Positions:
        """How many fixed keys are in this many first rows and columns of the grid."""
        assert self.fixed is not None
        return self.fixed[rows, columns].astype(np.int64, copy=False)


MOST_TERMS = 512
"""Most terms of a union: what they are counted in grows with them, and their number with the subsets of the union."""


def inclusion_exclusion(supports: Iterable[Support], keys: Flags | None, context: MaskContext) -> list[Term]:
    """Terms whose counts add up to that of the union of all progressions and boxes, without the fixed keys.

    Intersections that are equal are one term, and those whose signs cancel are none: nested boxes, however many, take
    one term, and n boxes of which none is inside another 2n - 1 if they all share their centre.

    Args:
        supports: what each primitive shows.
        keys: the keys that every query sees, shape (n,), or None.
        context: length, causality, grid.

    Raises:
        PatternError: there would be more than MOST_TERMS terms.
    """
    supports = list(supports)
    parts: list[Part] = [(_shortened(p, context.num_tokens), None) for s in supports for p in s.progressions]
    parts += [(None, box) for support in supports for box in support.boxes]
    signed: list[tuple[Part, int]] = []
    for part in parts:
        signed += [(_meet(other, part, context.num_tokens), -sign) for other, sign in signed] + [(part, 1)]
        signed = _gathered(signed)
        if len(signed) > MOST_TERMS:
            allowed = f"must have at most {MOST_TERMS} different intersections of its strides and shapes on the grid"
            raise PatternError("attend", allowed, len(signed), "Use fewer primitives.")
    return [_term(part, sign, keys, context) for part, sign in signed]


Part = tuple[Progression | None, Box | None]


def _gathered(signed: Sequence[tuple[Part, int]]) -> list[tuple[Part, int]]:
    """The signs of equal parts added up."""
    totals: dict[tuple[Progression | None, tuple[bytes, ...]], tuple[Part, int]] = {}
    for part, sign in signed:
        label = (part[0], part[1].bounds if part[1] else ())
        totals[label] = (part, totals.get(label, (part, 0))[1] + sign)
    return [(part, sign) for part, sign in totals.values() if sign]


def _meet(one: Part, other: Part, num_tokens: int) -> Part:
    progressions = [part[0] for part in (one, other) if part[0] is not None]
    boxes = [part[1] for part in (one, other) if part[1] is not None]
    return (
        reduce(lambda a, b: _shared_progression(a, b, num_tokens), progressions) if progressions else None,
        reduce(_shared_box, boxes) if boxes else None,
    )


def _shared_progression(one: Progression, other: Progression, num_tokens: int) -> Progression:
    """The keys that two progressions from the same query share."""
    step = min(math.lcm(one.step, other.step), num_tokens)  # a step of n already holds the query alone
    before = min(one.before * one.step, other.before * other.step, num_tokens - 1) // step
    after = min(one.after * one.step, other.after * other.step, num_tokens - 1) // step
    return Progression(step, before, after)


def _shortened(progression: Progression, num_tokens: int) -> Progression:
    return _shared_progression(progression, progression, num_tokens)


def _shared_box(one: Box, other: Box) -> Box:
    if one is other:
        return one
    row_start = np.maximum(one.row_start, other.row_start)
    column_start = np.maximum(one.column_start, other.column_start)
    return Box(
        row_start,
        np.maximum(np.minimum(one.row_stop, other.row_stop), row_start),
        column_start,
        np.maximum(np.minimum(one.column_stop, other.column_stop), column_start),
        split=one.split and other.split,
    )


def _of_queries(box: Box, query: Positions) -> Box:
    """The rectangle of each query, its bounds of shape (queries,)."""
    row, column = np.divmod(query, len(box.column_start))
    return Box(
        box.row_start[row], box.row_stop[row], box.column_start[column], box.column_stop[column], split=box.split
    )


def _term(part: Part, sign: int, keys: Flags | None, context: MaskContext) -> Term:
    progression, box = part
    columns = context.grid[1] if box is not None and context.grid else 0
    fixed = None
    if keys is not None:
        fixed = _over(keys, columns) if progression is None else _along(keys, progression.step)
    return Term(sign, progression, box, columns, fixed, context.causal)


def _along(keys: Flags, step: int) -> NDArray[np.int32]:
    """Entry j + step: how many of the keys j, j - step, j - 2 * step, ... are set; 0 for j < 0."""
    laps = -(-len(keys) // step)
    table = np.zeros((laps + 1, step), dtype=np.int32)
    table[1:].reshape(-1)[: len(keys)] = keys
    return table.cumsum(axis=0, dtype=np.int32).reshape(-1)


def _over(keys: Flags, columns: int) -> NDArray[np.int64]:
    """Entry (r, c): how many keys are set in the first r rows and c columns of the grid."""
    table = np.zeros((len(keys) // columns + 1, columns + 1), dtype=np.int64)
    table[1:, 1:] = keys.reshape(-1, columns).cumsum(axis=0).cumsum(axis=1)
    return table
