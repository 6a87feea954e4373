"""Exact numbers of tiles: the blocks of queries and keys that a block-sparse kernel computes for a head."""

from dataclasses import replace
from functools import lru_cache
from itertools import product

import numpy as np

from nas.errors import InputError
from nas.patterns.arrays import Flags, Positions
from nas.patterns.blocks.grid_tiles import GridTiles, nonempty_tiles
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.blocks.visible import blocks_by_rows, visible_blocks
from nas.patterns.counting.pairs import count_pairs
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Random
from nas.patterns.primitives.random_blocks import draw_blocks

MOST_ROWS = 2**14
"""Most blocks of a sequence: all pairs of blocks are looked at, in about 10 s for each distinct head at this size."""
_MOST_KEPT_ROWS = 512
"""Most blocks of a sequence for which those of a union are kept, a quarter of a MiB each."""


@lru_cache(maxsize=4096)  # a search meets the same heads in trial after trial
def count_tiles(head: HeadPattern, num_tokens: int, block: int, grid_tile: tuple[int, int] | None = None) -> int:
    """How many blocks of `block` queries by `block` keys hold a visible pair, in a kernel that computes whole blocks.

    Rows of a memory stand in front of the keys. Of the rows that a computed primitive reads, a kernel gathers whole
    blocks: as many as their pairs fill.

    Args:
        head: any head.
        num_tokens: sequence length n, in tokens.
        block: queries and keys of a block, in tokens; the last of a sequence may hold fewer.
        grid_tile: rows and columns of the tiles into which the tokens of a grid are permuted, `block` tokens each;
            None to read it row by row. Heads without a grid are not permuted.

    Raises:
        InputError: a sequence has more than MOST_ROWS blocks.
        PatternError: the grid does not have `num_tokens` places.
    """
    if num_tokens > MOST_ROWS * block:
        allowed = f"must be at most {MOST_ROWS * block:,} to count its tiles of {block} x {block}"
        raise InputError("num_tokens", allowed, num_tokens, "Use fewer tokens, or a target with a larger block.")
    if head.computed is not None:
        return -(-count_pairs(head, num_tokens) // block**2)
    if grid_tile is not None and head.grid is not None:
        tiles = GridTiles(head.grid, grid_tile)
        of_memory = tiles.num_tiles * -(-head.memory_tokens // block)
        return of_memory + sum(int(np.count_nonzero(seen)) for seen in nonempty_tiles(head, tiles))
    tiling = Tiling(num_tokens, block, block, head.memory_tokens)
    drawing = [primitive for primitive in head.attend if isinstance(primitive, Random)]
    others = tuple(primitive for primitive in head.attend if not isinstance(primitive, Random))
    if len(drawing) == 1 and others and tiling.num_rows <= _MOST_KEPT_ROWS:
        rest = replace(head, attend=others).placed(0, 0)
        return int(np.count_nonzero(_nonempty(rest, tiling) | _drawn(head, drawing[0], tiling)))
    return sum(int(np.count_nonzero(some.nonempty)) for some in blocks_by_rows(head, tiling))


@lru_cache(maxsize=64)
def _nonempty(head: HeadPattern, tiling: Tiling) -> Flags:
    """No two heads of a large model draw the same random blocks, but the rest of their unions is looked up."""
    return visible_blocks(head, tiling).nonempty


def _drawn(head: HeadPattern, random: Random, tiling: Tiling) -> Flags:
    """Blocks of a kernel that hold a pair of the random blocks of a head: those that each one touches.

    In a causal head all keys of an earlier block are seen, and of the own block those up to the diagonal.
    """
    drawn = draw_blocks(random, head.context(tiling.num_tokens))
    row, place = np.nonzero(drawn >= 0)
    query, last_query = _ends(row, random.block, tiling.num_tokens, tiling.block_q, 0)
    key, last_key = _ends(drawn[row, place], random.block, tiling.num_tokens, tiling.block_k, tiling.memory_rows)
    seen = np.zeros((tiling.num_rows, tiling.num_columns), dtype=np.bool_)
    most_down, most_right = int((last_query - query).max()), int((last_key - key).max())
    for down, right in product(range(most_down + 1), range(most_right + 1)):
        seen[np.minimum(query + down, last_query), np.minimum(key + right, last_key)] = True
    if head.causal:
        first_key, _ = tiling.key_edges()
        _, stop = tiling.query_edges(slice(0, tiling.num_rows))
        seen &= first_key < stop
    return seen


def _ends(number: Positions, size: int, num_tokens: int, block: int, shift: int) -> tuple[Positions, Positions]:
    """The first and the last block of a kernel that each random block touches, from their numbers."""
    first = number * size
    return (first + shift) // block, (np.minimum(first + size, num_tokens) - 1 + shift) // block
