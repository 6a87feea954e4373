"""FlexAttention's mask function and block mask say what the patterns say."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.attention.flex_attention import create_mask

from nas.attention import attend
from nas.attention.flex import block_mask, compiled_flex_attention, mask_mod
from nas.attention.segment_memory import in_front, most_memory
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import (
    Block,
    Columns,
    Full,
    Global,
    Neighborhood,
    Random,
    Select,
    Stride,
    Stripe,
    Tile,
    Window,
)
from tests.attention.cases import Inputs
from tests.strategies import heads, quick

CPU = torch.device("cpu")
HEADS = (
    HeadPattern((Window(100), Global(4))),
    HeadPattern((Window(9), Stride(64))),
    HeadPattern((Block(50, 7), Columns(50, 2))),
    HeadPattern((Window(9, dilation=3), Random(32, 2, seed=1)), layer=1, head=3),
    HeadPattern((Full(),)),
)
ON_A_GRID = (
    HeadPattern((Stripe("row", 3),), grid=(16, 16)),
    HeadPattern((Stripe("column", 2), Global(1)), grid=(16, 16), memory_tokens=20),
    HeadPattern((Tile(5, 4, 2, 1), Random(32, 2, seed=1)), grid=(16, 16), memory_tokens=7),
    HeadPattern((Neighborhood(5, 3),), grid=(16, 16)),
)


@settings(quick, max_examples=20)
@given(cases=st.lists(heads((4, 6)), min_size=1, max_size=4), rows=st.lists(st.sampled_from([0, 2, 5]), min_size=4))
def test_the_mask_function_gives_the_dense_mask(cases: list[HeadPattern], rows: list[int]) -> None:
    chosen = tuple(replace(head, memory_tokens=row) for head, row in zip(cases, rows, strict=False))
    most = max(head.memory_tokens for head in chosen)
    ours = create_mask(mask_mod(chosen, 24, CPU), None, len(chosen), 24, most + 24, "cpu")
    for head, mask in zip(chosen, ours[0], strict=True):
        assert torch.equal(mask[:, most:], torch.from_numpy(head.mask(24)))
        assert mask[:, :most].sum(dim=1).eq(head.memory_tokens).all()
        assert mask[:, most - head.memory_tokens : most].all()


def test_the_block_mask_holds_exactly_the_blocks_that_hold_a_pair() -> None:
    dense = torch.from_numpy(np.stack([head.mask(512) for head in HEADS]))
    touched = dense.unflatten(2, (4, 128)).unflatten(1, (4, 128)).any(dim=4).any(dim=2)
    assert torch.equal(block_mask(HEADS, 512, CPU).to_dense()[0].bool(), touched)


def test_the_block_mask_is_made_once() -> None:
    assert block_mask(HEADS[:2], 256, CPU) is block_mask(HEADS[:2], 256, CPU)


@pytest.mark.parametrize("causal", [True, False])
def test_the_forward_pass_on_a_cpu_equals_dense(causal: bool) -> None:
    heads = tuple(replace(head, causal=causal) for head in HEADS)
    q, k, v = (torch.randn(1, len(heads), 200, 16, generator=torch.Generator().manual_seed(0)) for _ in range(3))
    assert torch.allclose(attend(q, k, v, heads, "flex"), attend(q, k, v, heads, "dense"), atol=1e-5)


def test_the_forward_pass_with_a_grid_and_a_memory_equals_dense() -> None:
    heads = (*ON_A_GRID, HeadPattern((Select(20, 2),), memory_tokens=9))
    inputs = Inputs(heads, 256)
    with torch.no_grad():
        assert torch.allclose(inputs.output("flex"), inputs.output("dense"), rtol=0, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("heads", [HEADS, ON_A_GRID], ids=["sequence", "grid"])
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # torch's own, while it imports its compiler
def test_every_kind_can_be_compiled(heads: tuple[HeadPattern, ...]) -> None:
    """The kernel that a GPU would compile, in its CPU form: dynamo and the inductor accept every predicate."""
    q, k, v = (torch.randn(1, len(heads), 256, 16, generator=torch.Generator().manual_seed(0)) for _ in range(3))
    rows = most_memory(heads)
    memory = (k[:, :, :rows] + 1, v[:, :, :rows] - 1) if rows else None
    mask = block_mask(heads, 256, CPU)
    ours = compiled_flex_attention()(q, *in_front(memory, k, v, rows), block_mask=mask)
    assert torch.allclose(ours, attend(q, k, v, heads, "dense", memory=memory), atol=1e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("heads", [HEADS, (*ON_A_GRID, HeadPattern((Select(20, 2),)))], ids=["sequence", "grid"])
def test_a_gpu_trains_through_flex_as_through_dense(heads: tuple[HeadPattern, ...]) -> None:
    generator = torch.Generator().manual_seed(0)

    def draw(num_tokens: int) -> torch.Tensor:
        return torch.randn(1, len(heads), num_tokens, 32, generator=generator).cuda().requires_grad_()

    rows, q, k, v = most_memory(heads), draw(256), draw(256), draw(256)
    memory = (draw(rows), draw(rows)) if rows else None
    results = []
    for backend in ("flex", "dense"):
        out = attend(q, k, v, heads, backend, memory=memory)
        results.append([out, *torch.autograd.grad(out.square().sum(), [q, k, v, *(memory or ())])])
    for ours, theirs in zip(*results, strict=True):
        assert torch.allclose(ours, theirs, atol=2e-2, rtol=2e-2)
