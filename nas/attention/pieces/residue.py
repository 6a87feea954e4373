"""Tiles of residue classes: strides and dilated windows, where each class is its own sequence."""

from collections.abc import Iterator, Sequence

import numpy as np

from nas.attention.pieces.masking import Masker
from nas.attention.pieces.tile import MOST_KEYS, MOST_SCORES, NUM_QUERIES, Tile
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.support import Support


def residue_tiles(supports: Sequence[Support], context: MaskContext, masker: Masker) -> Iterator[Tile]:
    """All tiles of a part with a step of 2 or more: within each class, a band around each query.

    Args:
        supports: what each primitive of the part shows: progressions with one step.
        context: length and causality.
        masker: makes the tiles.
    """
    progressions = [progression for support in supports for progression in support.progressions]
    step = min(progressions[0].step, context.num_tokens)
    length = -(-context.num_tokens // step)
    before = max(progression.before for progression in progressions)
    after = 0 if context.causal else max(progression.after for progression in progressions)
    for start in range(0, length, NUM_QUERIES):
        queries = slice(start, min(start + NUM_QUERIES, length))
        last_key = min(queries.stop + after, length)
        for first in range(max(start - before, 0), last_key, MOST_KEYS):
            keys = np.arange(first, min(first + MOST_KEYS, last_key))
            for classes in _class_slices(step, (queries.stop - start) * len(keys)):
                tile = masker.folded(classes, queries, keys)
                if tile is not None:
                    yield tile


def _class_slices(num_classes: int, scores_a_class: int) -> Iterator[slice]:
    a_tile = max(1, MOST_SCORES // scores_a_class)
    for start in range(0, num_classes, a_tile):
        yield slice(start, min(start + a_tile, num_classes))
