"""Counted tiles against torch's create_block_mask, and on permuted grids too."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.attention.flex_attention import create_block_mask

from nas.errors import InputError
from nas.patterns.arrays import Flags
from nas.patterns.counting.tiles import MOST_ROWS, count_tiles
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, LowRank, Neighborhood, Random, Select, Stripe, Window
from tests.strategies import GRIDS, head_cases, heads, quick

BLOCKS = st.integers(1, 9)


def blocks_of(mask: Flags, block: int) -> int:
    """The blocks that torch's FlexAttention computes for a dense mask."""
    seen = torch.from_numpy(mask)
    blocks = create_block_mask(
        lambda batch, head, query, key: seen[query, key],
        B=None,
        H=None,
        Q_LEN=mask.shape[0],
        KV_LEN=mask.shape[1],
        device="cpu",
        BLOCK_SIZE=block,
    )
    full = blocks.full_kv_num_blocks
    return int(blocks.kv_num_blocks.sum()) + (0 if full is None else int(full.sum()))


def permuted(mask: Flags, grid: tuple[int, int], tile: tuple[int, int]) -> Flags:
    """The mask of a sequence of tiles, one after the other, padded at the ends with tokens that see nothing."""
    rows, columns = (-(-size // step) * step for size, step in zip(grid, tile, strict=True))
    place = np.full((rows, columns), -1)
    place[: grid[0], : grid[1]] = np.arange(grid[0] * grid[1]).reshape(grid)
    order = place.reshape(rows // tile[0], tile[0], columns // tile[1], tile[1]).swapaxes(1, 2).reshape(-1)
    kept = np.pad(mask, ((0, 1), (0, 1)))  # place -1 is the row and the column of padding
    return kept[np.ix_(order, order)]


@given(head_cases(), BLOCKS)
@quick
def test_tiles_are_those_of_create_block_mask(case: tuple[HeadPattern, int], block: int) -> None:
    head, num_tokens = case
    assert count_tiles(head, num_tokens, block) == blocks_of(head.mask(num_tokens), block)


on_grids = GRIDS.flatmap(lambda grid: st.tuples(heads(grid), st.just(grid)))


@given(on_grids, st.integers(1, 4), st.integers(1, 4))
@quick
def test_permuted_tiles_are_those_of_create_block_mask_on_the_permuted_sequence(
    case: tuple[HeadPattern, tuple[int, int]], height: int, width: int
) -> None:
    head, grid = case
    num_tokens, block = grid[0] * grid[1], height * width
    expected = blocks_of(permuted(head.mask(num_tokens), grid, (height, width)), block)
    assert count_tiles(head, num_tokens, block, (height, width)) == expected


@given(st.integers(1, 30), st.integers(1, 4), st.booleans(), st.integers(0, 3), st.integers(1, 20), st.integers(1, 70))
@quick
def test_tiles_of_random_blocks_with_others(
    size: int, blocks: int, causal: bool, number: int, block: int, num_tokens: int
) -> None:
    head = HeadPattern((Window(2), Random(size, blocks)), causal, 1, number)
    assert count_tiles(head, num_tokens, block) == blocks_of(head.mask(num_tokens), block)


@given(head_cases().filter(lambda case: case[0].causal), BLOCKS, st.integers(1, 12))
@quick
def test_the_memory_is_in_front_of_the_keys(case: tuple[HeadPattern, int], block: int, memory_tokens: int) -> None:
    head, num_tokens = replace(case[0], memory_tokens=memory_tokens), case[1]
    mask = np.concatenate([np.ones((num_tokens, memory_tokens), dtype=np.bool_), head.mask(num_tokens)], axis=1)
    assert count_tiles(head, num_tokens, block) == blocks_of(mask, block)


def test_closed_forms() -> None:
    assert count_tiles(HeadPattern((Full(),)), 1024, 128) == 8 * 9 // 2
    assert count_tiles(HeadPattern((Full(),)), 1025, 128) == 9 * 10 // 2, "a ragged block is computed whole"
    assert count_tiles(HeadPattern((Window(127),)), 1024, 128) == 8 + 7
    assert count_tiles(HeadPattern((Window(127),), memory_tokens=200), 1024, 128) > 8 + 7
    assert count_tiles(HeadPattern((Window(0),)), 100, 128) == 1


def test_neighbours_on_a_grid_are_near_only_after_the_permutation() -> None:
    head = HeadPattern((Neighborhood(9, 9),), False, grid=(32, 32))
    rows, tiles = count_tiles(head, 1024, 64), count_tiles(head, 1024, 64, (8, 8))
    assert tiles == (4 + 2 * 3) ** 2, "each tile and its eight neighbours"
    assert rows == 16 + 2 * (15 + 14), "two rows of the grid in a block; four rows up and down"
    column = HeadPattern((Stripe("column", 8),), False, grid=(32, 32))
    assert count_tiles(column, 1024, 64) == 16**2
    assert count_tiles(column, 1024, 64, (8, 8)) == 16 * 4


def test_computed_kinds_fill_blocks_and_memory_is_in_front() -> None:
    assert count_tiles(HeadPattern((LowRank(8),), causal=False), 64, 16) == 2
    assert count_tiles(HeadPattern((Select(4, 1),)), 8, 4) == 3, "4 * 5 / 2 pairs in the own block twice, and 16"
    grid = HeadPattern((Window(0),), grid=(4, 4), memory_tokens=5)
    assert count_tiles(grid, 16, 4, (2, 2)) == 4 + 4 * 2


def test_more_blocks_than_can_be_looked_at_are_refused() -> None:
    message = r"^num_tokens: must be at most 16,384 to count its tiles of 1 x 1, got 16385."
    with pytest.raises(InputError, match=message):
        count_tiles(HeadPattern((Full(),)), MOST_ROWS + 1, 1)
