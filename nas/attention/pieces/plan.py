"""The plan of a head pattern: which scores are computed, in which order."""

from collections import defaultdict
from dataclasses import replace
from threading import Lock

import torch
from cachetools import LRUCache, cached

from nas.attention.pieces.consecutive import consecutive_tiles
from nas.attention.pieces.entries import Folded
from nas.attention.pieces.grid import grid_tiles
from nas.attention.pieces.masking import Masker
from nas.attention.pieces.residue import residue_tiles
from nas.attention.pieces.tile import MOST_KEYS, NUM_QUERIES, Part, Plan, Tile
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import MaskPrimitive, Select
from nas.patterns.primitives.mask_context import MaskContext

_MOST_KEPT_BYTES = 1 << 28
"""Plans are kept for the next call, up to this many bytes together."""


@cached(LRUCache(_MOST_KEPT_BYTES, getsizeof=lambda plan: plan.num_bytes), lock=Lock())
def make_plan(head: HeadPattern, num_tokens: int, device: torch.device, dtype: torch.dtype) -> Plan:
    """Cut what one head sees regardless of content into disjoint parts.

    Bands, gathered key columns and rows that see everything form the part that reads the sequence in its own order;
    strides and dilated windows are read by residue class, one part per step; boxes by rectangles of the grid, one
    part per primitive. A pair that two parts show belongs to the first.

    Args:
        head: any union of mask primitives, or `select`, of which only the query's own block is planned.
        num_tokens: sequence length n, in tokens.
        device: of the biases.
        dtype: of the biases, which is the type in which scores are computed.
    """
    context = head.context(num_tokens)
    parts: list[Part] = []
    earlier: tuple[MaskPrimitive, ...] = ()
    for step, primitives in _readings(head.masks if head.computed is None else head.computed.certain(), context):
        before = replace(head, attend=earlier) if earlier else None
        masker = Masker(replace(head, attend=primitives), before, num_tokens, step, device, dtype)
        supports = [primitive.support(context) for primitive in primitives]
        on_grid = any(support.boxes for support in supports)
        make_tiles = grid_tiles if on_grid else consecutive_tiles if step == 1 else residue_tiles
        tiles = tuple(make_tiles(supports, context, masker))
        if tiles:
            parts.append(Part(step, tiles))
        earlier += primitives
    block = head.computed.block if isinstance(head.computed, Select) else 0
    memory = Part(1, _memory_tiles(num_tokens, head.memory_tokens))
    alone = not memory.tiles and not block
    return Plan(tuple(parts), memory, block, one_tile=alone and _has_one_tile_a_query(parts, num_tokens))


def _has_one_tile_a_query(parts: list[Part], num_tokens: int) -> bool:
    """Every query is in some tile, and none of them stands for a missing token."""
    return len(parts) == 1 and num_tokens == sum(tile.queries.tokens(parts[0].step).numel() for tile in parts[0].tiles)


def _readings(masks: tuple[MaskPrimitive, ...], context: MaskContext) -> list[tuple[int, tuple[MaskPrimitive, ...]]]:
    """The primitives grouped by how they read the sequence, each group with its step: by one step, or by one grid."""
    groups: defaultdict[tuple[int, MaskPrimitive | None], list[MaskPrimitive]] = defaultdict(list)
    for primitive in dict.fromkeys(masks):
        support = primitive.support(context)
        # A step of n or more shows every token only itself.
        steps = {min(progression.step, context.num_tokens) for progression in support.progressions} or {1}
        as_it_stands = bool(support.bands) or support.keys is not None or support.queries is not None
        ways = as_it_stands + bool(support.progressions) + len(support.boxes)
        assert len(steps) == 1 and ways <= 1, f"{primitive.kind}: a primitive must read the sequence in one way"
        groups[steps.pop(), primitive if support.boxes else None].append(primitive)
    in_order = sorted(groups.items(), key=lambda group: (group[0][0], group[0][1] is not None))
    return [(step, tuple(primitives)) for (step, _), primitives in in_order]


def _memory_tiles(num_tokens: int, num_rows: int) -> tuple[Tile, ...]:
    """All queries by all rows of the memory; nothing is masked."""
    tiles = []
    one = slice(0, 1)
    for start in range(0, num_tokens, NUM_QUERIES):
        queries = slice(start, min(start + NUM_QUERIES, num_tokens))
        for first in range(0, num_rows, MOST_KEYS):
            keys = slice(first, min(first + MOST_KEYS, num_rows))
            num_scores = (queries.stop - start) * (keys.stop - first)
            tiles.append(Tile(Folded(one, queries), Folded(one, keys), num_scores, None))
    return tuple(tiles)
