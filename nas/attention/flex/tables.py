"""Patterns as tables of numbers that one mask function reads.

Keys are numbered as the kernel sees them: rows of the memory first, then the sequence. What every primitive shows is a
union of the shapes of `Support`, so a few kinds of rows describe any head. Heads and shapes that are missing are rows
that show nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nas.attention.flex.layout import Layout, slots
from nas.patterns.arrays import Positions
from nas.patterns.head import HeadPattern
from nas.patterns.primitives.support import Box, Progression

Slots = tuple[tuple[Tensor, ...], ...]
"""For each slot its tables, each of them of its own, since kernels like aligned memory."""

_FEWEST_BANDS, _FEWEST_STEPS, _FEWEST_BOXES = 4, 2, 2
"""Slots that a kernel has at least: what the shipped spaces need at the lengths of a GPU, so that they share one."""

_NOWHERE = -1
"""Class, row and column of keys that a shape cannot show: the memory's."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskTables:
    """What all heads of a call see; int32, because captured booleans and Python numbers do not survive compilation.

    A key k is seen by query q of head h if `keys[h, k]` is set or some slot shows it, and k <= `last[h, q]`.

    Args:
        keys: 1 for keys that every query sees, rows of the memory included, shape (heads, keys).
        last: the last key that each query may see, shape (heads, queries).
        bands: start and stop of consecutive keys, each of shape (heads, queries).
        steps: start and stop of evenly spaced keys, and the residue class of each query and of each key, of which a
            query sees its own: shapes (heads, queries) three times, (heads, keys).
        boxes: first row, row past the last, first column, column past the last of each query, and row and column of
            each key: shapes (heads, queries) four times, (heads, keys) twice. None without a grid.
    """

    keys: Tensor
    last: Tensor
    bands: Slots
    steps: Slots
    boxes: Slots


def mask_tables(heads: tuple[HeadPattern, ...], layout: Layout, device: torch.device) -> MaskTables:
    """The tables of some heads, in the order in which they are given.

    Args:
        heads: one pattern per head, of masks; no more than the layout has.
        layout: sizes of the tables.
        device: where the tables are.
    """
    distinct = {head: _Shapes.of(head, layout) for head in dict.fromkeys(heads)}
    shapes = [distinct[head] for head in heads]
    per_query, per_key = layout.num_tokens, layout.num_keys

    def stacked(rows: Sequence[Positions | None], length: int) -> Tensor:
        whole = np.zeros((layout.num_heads, length), dtype=np.int32)
        for number, row in enumerate(rows):
            if row is not None:
                whole[number] = row
        return torch.from_numpy(whole).to(device)

    def in_slots(given: Sequence[_Slots], lengths: tuple[int, ...], fewest: int) -> Slots:
        return tuple(
            tuple(
                stacked([head[slot][part] if slot < len(head) else None for head in given], length)
                for part, length in enumerate(lengths)
            )
            for slot in range(slots(max(map(len, given)), fewest))
        )

    on_grid = any(head.grid is not None for head in heads)
    return MaskTables(
        keys=stacked([head.keys for head in shapes], per_key),
        last=stacked([head.last for head in shapes], per_query),
        bands=in_slots([head.bands for head in shapes], (per_query,) * 2, _FEWEST_BANDS),
        steps=in_slots([head.steps for head in shapes], (per_query,) * 3 + (per_key,), _FEWEST_STEPS),
        boxes=in_slots([head.boxes for head in shapes], (per_query,) * 4 + (per_key,) * 2, _FEWEST_BOXES * on_grid),
    )


_Slots = list[tuple[Positions, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class _Shapes:
    """The rows of one head in the tables of `MaskTables`."""

    keys: Positions
    last: Positions
    bands: _Slots
    steps: _Slots
    boxes: _Slots

    @classmethod
    def of(cls, head: HeadPattern, layout: Layout) -> "_Shapes":
        context, front = head.context(layout.num_tokens), layout.memory_rows
        supports = [mask.support(context) for mask in head.masks]
        query = np.arange(layout.num_tokens, dtype=np.int64)
        keys = np.zeros(layout.num_keys, dtype=np.int64)
        keys[front - head.memory_tokens : front] = 1
        bands: _Slots = [(front + band.start, front + band.stop) for support in supports for band in support.bands]
        for support in supports:
            if support.keys is not None:
                keys[front:] |= support.keys
            if support.queries is not None:
                bands.append((np.full_like(query, front), np.where(support.queries, layout.num_keys, 0)))
        return cls(
            keys,
            front + query if head.causal else np.full_like(query, layout.num_keys),
            bands,
            [_spaced(progression, query, front) for support in supports for progression in support.progressions],
            [_on_grid(box, query, front) for support in supports for box in support.boxes],
        )


def _spaced(progression: Progression, query: Positions, front: int) -> tuple[Positions, ...]:
    start = np.maximum(query - progression.before * progression.step, 0)
    stop = np.minimum(query + progression.after * progression.step + 1, len(query))
    residue = query % progression.step
    return front + start, front + stop, residue, _behind(residue, front)


def _on_grid(box: Box, query: Positions, front: int) -> tuple[Positions, ...]:
    row, column = np.divmod(query, len(box.column_start))
    bounds = box.row_start[row], box.row_stop[row], box.column_start[column], box.column_stop[column]
    return *bounds, _behind(row, front), _behind(column, front)


def _behind(places: Positions, front: int) -> Positions:
    """The places of the sequence's keys, behind rows of the memory, which have none."""
    return np.concatenate([np.full(front, _NOWHERE), places])
