"""The mask function and the lists of blocks say what the patterns say, in the form that torch's kernels need."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.attention.flex_attention import create_block_mask

from nas.attention.flex.layout import Layout
from nas.attention.flex.mask import block_mask, mask_mod
from nas.attention.flex.tables import mask_tables
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Stride, Window
from tests.attention.cases import Heads
from tests.attention.flex.block_walk import walk
from tests.attention.flex.cases import CPU, HEADS, ON_A_GRID, dense_mask, mask_tuples
from tests.strategies import heads, quick


@settings(quick, max_examples=60)
@given(mask_tuples())
def test_the_mask_function_gives_the_dense_mask(case: tuple[Heads, int]) -> None:
    heads, num_tokens = case
    layout = Layout.of(heads, num_tokens)
    head, query, key = map(torch.arange, (layout.num_heads, num_tokens, layout.num_keys))
    mod = mask_mod(mask_tables(heads, layout, CPU))
    ours = mod(torch.tensor(0), head[:, None, None], query[:, None], key)
    assert torch.equal(ours, dense_mask(heads, layout))


def blocks_of(number: Tensor, listed: Tensor, num_columns: int) -> Tensor:
    """The blocks that lists name, bool, shape (heads, rows, columns); their order is checked on the way."""
    flags = torch.zeros(*number.shape[1:], num_columns, dtype=torch.bool)
    for place in torch.cartesian_prod(*map(torch.arange, number.shape[1:])).tolist():
        some = listed[0][tuple(place)][: number[0][tuple(place)]].tolist()
        assert some == sorted(set(some))
        flags[tuple(place)][some] = True
    return flags


LONG = st.lists(heads(), min_size=1, max_size=3).map(tuple)


@settings(quick, max_examples=15)
@given(LONG, st.integers(100, 400), st.sampled_from([0, 5, 130]))
def test_lists_name_the_blocks_that_torch_names(some: Heads, num_tokens: int, rows: int) -> None:
    heads = tuple(replace(head, memory_tokens=rows * head.causal) for head in some)
    layout = Layout.of(heads, num_tokens)
    ours, dense = block_mask(heads, layout, CPU), dense_mask(heads, layout)
    theirs = create_block_mask(
        lambda b, h, q, k: dense[h, q, k], None, layout.num_heads, num_tokens, layout.num_keys, "cpu"
    )
    assert ours.seq_lengths == theirs.seq_lengths
    for name in ("kv", "full_kv", "q", "full_q"):
        number, listed = getattr(ours, f"{name}_num_blocks"), getattr(ours, f"{name}_indices")
        assert torch.equal(number, getattr(theirs, f"{name}_num_blocks"))
        assert listed.shape == getattr(theirs, f"{name}_indices").shape
        assert number.is_contiguous() and listed.is_contiguous()
        assert number.dtype == listed.dtype == torch.int32
        width = listed.shape[-1]
        assert torch.equal(
            blocks_of(number, listed, width), blocks_of(number, getattr(theirs, f"{name}_indices"), width)
        )


@pytest.mark.parametrize(("heads", "num_tokens"), [(HEADS, 512), (HEADS, 300), (ON_A_GRID, 256)])
def test_no_block_is_in_both_lists(heads: Heads, num_tokens: int) -> None:
    mask = block_mask(heads, Layout.of(heads, num_tokens), CPU)
    width = mask.kv_indices.shape[-1]
    assert mask.full_kv_num_blocks is not None and mask.full_kv_indices is not None
    partial = blocks_of(mask.kv_num_blocks, mask.kv_indices, width)
    full = blocks_of(mask.full_kv_num_blocks, mask.full_kv_indices, width)
    assert not (partial & full).any()


def test_the_mask_is_made_once() -> None:
    layout = Layout.of(HEADS[:2], 256)
    assert block_mask(HEADS[:2], layout, CPU) is block_mask(HEADS[:2], layout, CPU)


def test_a_head_that_fills_up_the_layout_sees_nothing() -> None:
    mask = block_mask(HEADS, Layout.of(HEADS, 256), CPU)
    assert mask.kv_num_blocks.shape[1] == 6
    assert not mask.kv_num_blocks[0, 5].any() and not mask.full_kv_num_blocks[0, 5].any()


@pytest.mark.parametrize("num_tokens", [256, 300])
@pytest.mark.parametrize("causal", [True, False])
def test_walking_the_lists_gives_dense_outputs_and_gradients(num_tokens: int, causal: bool) -> None:
    check_walk(tuple(replace(head, causal=causal) for head in HEADS), num_tokens)


def test_walking_the_lists_gives_dense_gradients_on_a_grid_with_a_memory() -> None:
    check_walk(ON_A_GRID, 256)


@settings(quick, max_examples=8)
@given(LONG, st.sampled_from([0, 5, 130]))
def test_walking_the_lists_gives_dense_gradients_for_any_heads(some: Heads, rows: int) -> None:
    check_walk(tuple(replace(head, memory_tokens=rows * head.causal) for head in some), 260)


def check_walk(heads: Heads, num_tokens: int) -> None:
    """Two sequences in float64, all keys of the layout given, against attention under the dense mask."""
    layout, generator = Layout.of(heads, num_tokens), torch.Generator().manual_seed(0)
    lengths = (num_tokens, layout.num_keys, layout.num_keys, num_tokens)
    q, k, v, upstream = (
        torch.randn(2, layout.num_heads, length, width, generator=generator, dtype=torch.float64)
        for length, width in zip(lengths, (4, 4, 3, 3), strict=True)
    )
    leaves = [x.requires_grad_() for x in (q, k, v)]
    mask = dense_mask(heads, layout)
    scores = (q @ k.mT / 2).masked_fill(~mask, -torch.inf)
    out = torch.where(mask.any(-1, keepdim=True), scores, 0).softmax(-1).where(mask, 0) @ v
    expected = [out, *torch.autograd.grad(out, leaves, upstream)]
    ours = walk(q.detach(), k.detach(), v.detach(), block_mask(heads, layout, CPU), upstream)
    for one, other in zip(ours, expected, strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-10)


def test_a_block_that_two_shapes_fill_together_is_not_masked() -> None:
    heads = (HeadPattern((Window(400), Stride(2))),)
    mask = block_mask(heads, Layout.of(heads, 512), CPU)
    assert mask.full_kv_num_blocks is not None
    assert mask.full_kv_num_blocks[0, 0].tolist() == [0, 1, 2, 2]
