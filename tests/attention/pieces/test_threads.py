"""Threads change neither what is computed nor how torch is set up."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from nas.attention.dense import dense_attention
from nas.attention.pieces import pieces_attention
from nas.attention.pieces.threads import shares, side_by_side
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Global, Neighborhood, Select, Stride, Window

HEADS = (
    HeadPattern((Window(20), Global(2))),
    HeadPattern((Window(20), Global(2))),
    HeadPattern((Window(9), Stride(8))),
    HeadPattern((Neighborhood(3, 5),), grid=(10, 15)),
    HeadPattern((Select(8, 2),)),
)


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def step(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, ...]:
    q, k, v = (x.clone().requires_grad_() for x in (q, k, v))
    out = pieces_attention(q, k, v, HEADS)
    out.square().sum().backward()
    grads = [x.grad for x in (q, k, v) if x.grad is not None]
    return out.detach(), *grads


def inputs(batch: int = 3) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(batch, len(HEADS), 150, 8, dtype=torch.float64, generator=generator) for _ in range(3)]


def test_two_threads_compute_what_one_computes(two_threads: None) -> None:
    both = step(*inputs())
    torch.set_num_threads(1)
    for ours, alone in zip(both, step(*inputs()), strict=True):
        assert torch.allclose(ours, alone, rtol=0, atol=1e-12)


def test_inference_mode_reaches_the_threads(two_threads: None) -> None:
    with torch.inference_mode():
        q, k, v = inputs()
        assert torch.allclose(pieces_attention(q, k, v, HEADS), dense_attention(q, k, v, HEADS), rtol=0, atol=1e-12)


def test_torch_keeps_its_number_of_threads(two_threads: None) -> None:
    inside = side_by_side([torch.get_num_threads for _ in range(4)], torch.device("cpu"))
    assert torch.get_num_threads() == 2
    assert len(inside) == 4


def test_an_error_in_a_thread_is_raised(two_threads: None) -> None:
    def fail() -> int:
        raise MemoryError("too much")

    with pytest.raises(MemoryError, match="too much"):
        side_by_side([fail, fail], torch.device("cpu"))


@pytest.mark.parametrize(("num_sequences", "sizes"), [(1, [1]), (2, [1, 1]), (5, [3, 2])])
def test_sequences_are_shared_out(two_threads: None, num_sequences: int, sizes: list[int]) -> None:
    rows = torch.arange(num_sequences)
    parts = [rows[share] for share in shares(rows)]
    assert [len(part) for part in parts] == sizes
    assert torch.equal(torch.cat(parts), rows)
