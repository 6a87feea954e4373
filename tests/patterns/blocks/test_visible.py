"""Blocks from descriptions are those of the dense mask, and those of torch."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.attention.flex_attention import create_block_mask

from nas.patterns.arrays import Flags
from nas.patterns.blocks import visible
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.blocks.visible import blocks_by_rows, nonempty_by_rows, visible_blocks
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Random, Stride, Tile, Window
from tests.strategies import head_cases, quick

SIDES = st.integers(1, 9)
CASES = st.tuples(head_cases(st.integers(1, 40)), SIDES, SIDES, st.integers(0, 6), st.integers(0, 3))


def dense(head: HeadPattern, tiling: Tiling) -> Flags:
    """The mask with the rows of the memory in front, shape (queries, rows and keys)."""
    memory = np.arange(-tiling.memory_rows, 0) >= -head.memory_tokens
    own = head.mask(tiling.num_tokens)
    return np.concatenate([np.broadcast_to(memory, (len(own), len(memory))), own], axis=1)


def by_looking(mask: Flags, tiling: Tiling) -> tuple[Flags, Flags]:
    """Nonempty and full blocks, one block at a time."""
    rows = range(0, mask.shape[0], tiling.block_q)
    columns = range(0, mask.shape[1], tiling.block_k)
    blocks = [[mask[q : q + tiling.block_q, k : k + tiling.block_k] for k in columns] for q in rows]
    nonempty, full = (np.array([[test(block) for block in row] for row in blocks]) for test in (np.any, np.all))
    return nonempty, full


def with_memory(case) -> tuple[HeadPattern, Tiling]:
    (head, num_tokens), block_q, block_k, memory, unseen = case
    memory *= head.causal
    return replace(head, memory_tokens=memory), Tiling(num_tokens, block_q, block_k, memory + unseen)


@given(CASES)
@quick
def test_they_are_those_of_the_dense_mask(case):
    head, tiling = with_memory(case)
    nonempty, full = by_looking(dense(head, tiling), tiling)
    blocks = visible_blocks(head, tiling)
    assert np.array_equal(blocks.nonempty, nonempty)
    assert np.array_equal(blocks.full, full)
    assert np.array_equal(blocks.partial, nonempty & ~full)


@given(CASES)
@quick
def test_a_few_rows_of_blocks_at_a_time_give_the_same(case):
    head, tiling = with_memory(case)
    whole = visible_blocks(head, tiling)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(visible, "_BLOCKS_AT_ONCE", 2 * tiling.num_columns)
        parts = list(blocks_by_rows(head, tiling))
    assert len(parts) == -(-tiling.num_rows // 2)
    assert np.array_equal(np.concatenate([part.nonempty for part in parts]), whole.nonempty)
    assert np.array_equal(np.concatenate([part.full for part in parts]), whole.full)


@given(CASES)
@quick
def test_blocks_that_are_not_empty_are_found_without_the_full_ones(case):
    head, tiling = with_memory(case)
    assert np.array_equal(np.concatenate(list(nonempty_by_rows(head, tiling))), visible_blocks(head, tiling).nonempty)


LARGE = (
    HeadPattern((Full(),)),
    HeadPattern((Full(),), causal=False),
    HeadPattern((Window(200), Global(4), Stride(64))),
    HeadPattern((Window(63, 64), Window(9, 9, dilation=3), Global(2, 5)), causal=False),
    HeadPattern((Block(100, 7), Columns(300, 150))),
    HeadPattern((Window(9), Random(64, 3, seed=1)), layer=1, head=3),
    HeadPattern((Tile(5, 4, 2, 1), Tile(40, 25), Window(0)), causal=False, grid=(40, 25)),
    HeadPattern((Block(2), Stride(2), Stride(3), Window(130))),
)


@pytest.mark.parametrize("block", [128, 64])
@pytest.mark.parametrize("head", LARGE)
def test_they_are_those_of_torch(head, block):
    """Torch pads a shorter last block with hidden pairs, so it calls none full."""
    mask = torch.from_numpy(head.mask(1000))
    theirs = create_block_mask(lambda b, h, q, k: mask[q, k], None, None, 1000, 1000, "cpu", BLOCK_SIZE=block)
    blocks = visible_blocks(head, Tiling(1000, block, block))
    assert np.array_equal(theirs.to_dense()[0, 0].bool().numpy(), blocks.nonempty)
    num_full, listed = theirs.full_kv_num_blocks[0, 0], theirs.full_kv_indices[0, 0]
    full = np.zeros_like(blocks.full)
    for row, number in enumerate(num_full.tolist()):
        full[row, listed[row, :number].numpy()] = True
    assert np.array_equal(full[:-1, :-1], blocks.full[:-1, :-1])
