"""FlexAttention's mask function and block mask say what the patterns say."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.attention.flex_attention import create_mask

from nas.attention import attend
from nas.attention.flex import block_mask, compiled_flex_attention, mask_mod
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Random, Stride, Window
from tests.strategies import heads, quick

CPU = torch.device("cpu")
HEADS = (
    HeadPattern((Window(100), Global(4))),
    HeadPattern((Window(9), Stride(64))),
    HeadPattern((Block(50, 7), Columns(50, 2))),
    HeadPattern((Window(9, dilation=3), Random(32, 2, seed=1)), layer=1, head=3),
    HeadPattern((Full(),)),
)


@settings(quick, max_examples=20)
@given(chosen=st.lists(heads(), min_size=1, max_size=4), num_tokens=st.integers(1, 24))
def test_the_mask_function_gives_the_dense_mask(chosen: list[HeadPattern], num_tokens: int) -> None:
    ours = create_mask(mask_mod(tuple(chosen), num_tokens, CPU), None, len(chosen), num_tokens, num_tokens, "cpu")
    assert torch.equal(ours[0], torch.stack([head.mask(num_tokens) for head in chosen]))


def test_the_block_mask_holds_exactly_the_blocks_that_hold_a_pair() -> None:
    dense = torch.stack([head.mask(512) for head in HEADS])
    touched = dense.unflatten(2, (4, 128)).unflatten(1, (4, 128)).any(dim=4).any(dim=2)
    assert torch.equal(block_mask(HEADS, 512, CPU).to_dense()[0].bool(), touched)


def test_the_block_mask_is_made_once() -> None:
    assert block_mask(HEADS[:2], 256, CPU) is block_mask(HEADS[:2], 256, CPU)


@pytest.mark.parametrize("causal", [True, False])
def test_the_forward_pass_on_a_cpu_equals_dense(causal: bool) -> None:
    heads = tuple(replace(head, causal=causal) for head in HEADS)
    q, k, v = (torch.randn(1, len(heads), 200, 16, generator=torch.Generator().manual_seed(0)) for _ in range(3))
    assert torch.allclose(attend(q, k, v, heads, "flex"), attend(q, k, v, heads, "dense"), atol=1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # torch's own, while it imports its compiler
def test_every_kind_can_be_compiled() -> None:
    """The kernel that a GPU would compile, in its CPU form: dynamo and the inductor accept every predicate."""
    q, k, v = (torch.randn(1, len(HEADS), 256, 16, generator=torch.Generator().manual_seed(0)) for _ in range(3))
    ours = compiled_flex_attention()(q, k, v, block_mask=block_mask(HEADS, 256, CPU))
    assert torch.allclose(ours, attend(q, k, v, HEADS, "dense"), atol=1e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_trains_through_flex_as_through_dense() -> None:
    generator = torch.Generator().manual_seed(0)
    leaves = [torch.randn(1, len(HEADS), 300, 32, generator=generator).cuda().requires_grad_() for _ in range(3)]
    results = []
    for backend in ("flex", "dense"):
        out = attend(*leaves, HEADS, backend)
        results.append([out, *torch.autograd.grad(out.square().sum(), leaves)])
    for ours, theirs in zip(*results, strict=True):
        assert torch.allclose(ours, theirs, atol=2e-2, rtol=2e-2)
