"""`random`: a few blocks of keys drawn for every block of queries, the same on every machine."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from nas.patterns.arrays import Array, Positions, table_like
from nas.patterns.primitives.base import MaskPrimitive, Primitive, require_int
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.scale import Scale
from nas.patterns.primitives.support import Band, Support
from nas.patterns.primitives.wording import counted

_WORD = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Random(MaskPrimitive):
    """Each block of queries sees a few blocks of keys, drawn once for each layer and head.

    A causal row draws from the blocks at or before its own, so its draw stays the same as the sequence grows.
    docs/patterns.md defines the generator.

    Args:
        block: length of a block, in tokens, 1 or more.
        blocks: blocks drawn for each block row, 1 or more; a row with fewer candidates sees them all.
        seed: seed of the generator, 0 or more.

    Source: Zaheer et al. 2020 (BigBird), section 2 and appendix D.
    """

    block: int
    blocks: int
    seed: int = 0

    kind: ClassVar[str] = "random"
    shows_self: ClassVar[bool] = False

    def __post_init__(self) -> None:
        require_int("block", self.block, 1)
        require_int("blocks", self.blocks, 1)
        require_int("seed", self.seed, 0)

    def label(self, causal: bool) -> str:
        drawn = f"r{self.blocks}x{self.block}"
        return f"{drawn}#{self.seed}" if self.seed else drawn

    def words(self, causal: bool) -> str:
        drawn = f", seed {self.seed}" if self.seed else ""
        return f"{self.blocks:,} random block{'s' if self.blocks > 1 else ''} of {counted(self.block, 'key')}{drawn}"

    def scaled(self, scale: Scale) -> "Random":
        return Random(scale.size("block", "block", self.block), self.blocks, self.seed)

    def visible(self, query: Array, key: Array, context: MaskContext) -> Array:
        table = table_like(_layout(self, context), query)
        seen: Array = table[query // self.block, key // self.block]
        return seen

    def allows(self, query: int, key: int, context: MaskContext) -> bool:
        row = query // self.block
        num_blocks = -(-context.num_tokens // self.block)
        return key // self.block in draw_row(
            self, context.layer, context.head, row, row + 1 if context.causal else num_blocks
        )

    def support(self, context: MaskContext) -> Support:
        starts = draw_blocks(self, context).copy()
        starts[starts < 0] = context.num_tokens  # in place: there may be as many blocks as tokens
        np.minimum(starts * self.block, context.num_tokens, out=starts)
        starts.sort(axis=1)
        row = np.arange(context.num_tokens) // self.block
        bands = []
        for column in range(starts.shape[1]):
            start = starts[row, column]
            bands.append(Band(start, np.minimum(start + self.block, context.num_tokens)))
        return Support(bands=tuple(bands))

    def last_query(self, context: MaskContext) -> Positions:
        drawn = draw_blocks(self, context)
        last_row = np.full(len(drawn), -1, dtype=np.int64)
        row, column = np.nonzero(drawn >= 0)
        np.maximum.at(last_row, drawn[row, column], row)
        last = np.where(last_row < 0, -1, np.minimum((last_row + 1) * self.block, context.num_tokens) - 1)
        ends: Positions = last[np.arange(context.num_tokens) // self.block]
        return ends

    def covers(self, other: Primitive, causal: bool) -> bool:
        same_draw = isinstance(other, Random) and (other.block, other.seed) == (self.block, self.seed)
        return same_draw and isinstance(other, Random) and other.blocks == self.blocks


_MOST_KEPT = 2**16
"""Largest drawing that is kept, in bytes."""
_DRAWN: LRUCache[tuple[Random, MaskContext], Positions] = LRUCache(2**26, getsizeof=lambda drawn: drawn.nbytes)
"""Drawings that were made, 64 MiB of them: candidates of a search share most of theirs."""


def draw_row(random: Random, layer: int, head: int, row: int, candidates: int) -> set[int]:
    """The blocks drawn for one block row: Floyd's sampling with splitmix64, in plain integers.

    Args:
        candidates: how many blocks may be drawn (row + 1 in a causal pattern).

    Source: Bentley and Floyd 1987 (sampling without replacement); Steele et al. 2014 (splitmix64).
    """
    drawn: set[int] = set()
    for step in range(max(candidates - random.blocks, 0), candidates):
        word = 0
        for part in (random.seed, layer, head, row, step):
            word = _splitmix64((word ^ part) & _WORD)
        pick = (word >> 32) * (step + 1) >> 32
        drawn.add(step if pick in drawn else pick)
    return drawn


def draw_blocks(random: Random, context: MaskContext) -> Positions:
    """`draw_row` for all block rows, vectorised; pairs, tiles and the KV cache of a head are counted from one drawing.

    Returns:
        shape (block rows, blocks), int64, read-only: block numbers, -1 where a row has fewer candidates.
    """
    key = (random, context)
    drawn = _DRAWN.get(key)
    if drawn is None:
        drawn = _draw_blocks(random, context)
        drawn.setflags(write=False)
        if drawn.nbytes <= _MOST_KEPT:
            _DRAWN[key] = drawn
    return drawn


def _draw_blocks(random: Random, context: MaskContext) -> Positions:
    rows = -(-context.num_tokens // random.block)
    row = np.arange(rows, dtype=np.uint64)
    candidates = np.arange(1, rows + 1) if context.causal else np.full(rows, rows)
    word = np.zeros(rows, dtype=np.uint64)
    for part in (random.seed, context.layer, context.head, row):
        word = _splitmix64_array(word ^ (part if isinstance(part, np.ndarray) else np.uint64(part & _WORD)))
    drawn = np.full((rows, min(random.blocks, rows)), -1, dtype=np.int64)
    for column in range(drawn.shape[1]):
        step = np.maximum(candidates - random.blocks, 0) + column
        hashed = _splitmix64_array(word ^ step.astype(np.uint64)) >> np.uint64(32)
        pick = (hashed * (step + 1).astype(np.uint64) >> np.uint64(32)).astype(np.int64)
        taken = (drawn[:, :column] == pick[:, None]).any(axis=1)
        drawn[:, column] = np.where(step < candidates, np.where(taken, step, pick), -1)
    return drawn


@lru_cache(maxsize=64)  # of a byte for each pair where a block is one token
def _layout(random: Random, context: MaskContext) -> NDArray[np.bool_]:
    """Which key blocks each block row sees, shape (block rows, key blocks)."""
    drawn = draw_blocks(random, context)
    layout = np.zeros((drawn.shape[0], drawn.shape[0]), dtype=np.bool_)
    row, column = np.nonzero(drawn >= 0)
    layout[row, drawn[row, column]] = True
    return layout


def _splitmix64(word: int) -> int:
    word = (word + 0x9E3779B97F4A7C15) & _WORD
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & _WORD
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & _WORD
    return word ^ (word >> 31)


def _splitmix64_array(word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    word = word + np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))
