"""Pieces equal dense attention, forward and backward, in memory proportional to what is attended."""

import pytest
import torch
from hypothesis import example, given, settings
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from nas.attention import attend
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import (
    Block,
    Columns,
    Full,
    Global,
    Neighborhood,
    Primitive,
    Random,
    Select,
    Stride,
    Stripe,
    Tile,
    Window,
)
from tests.attention.cases import Heads, Inputs, head_tuples, largest_difference
from tests.strategies import quick

UNIONS: list[tuple[Primitive, ...]] = [
    (Full(),),
    (Window(0),),
    (Window(20, 5), Global(4)),
    (Window(3), Stride(7)),
    (Stride(64),),
    (Stride(1000),),
    (Window(9, 9, dilation=3), Window(4, 4, dilation=4), Stride(12)),
    (Columns(5, 2), Stride(3), Window(2, 2, dilation=5)),
    (Block(20, 3), Columns(20, 1)),
    (Random(8, 2, seed=1), Window(4, 4), Global(2)),
]
GRID_UNIONS: list[tuple[Primitive, ...]] = [
    (Stripe("row", 3),),
    (Stripe("column", 4), Global(2)),
    (Tile(7, 7, 3, 3), Tile(5, 20), Window(3, 3)),
    (Neighborhood(7, 5), Stride(19)),
    (Neighborhood(101, 9), Tile(21, 18)),
    (Stripe("row", 2), Stripe("column", 2), Neighborhood(3, 3)),
]


def gap(inputs: Inputs) -> float:
    """The largest difference between pieces and dense attention, in outputs and gradients."""
    return largest_difference(*(inputs.output_and_gradients(backend) for backend in ("pieces", "dense")))


@settings(quick, max_examples=80)
@given(case=head_tuples(most_tokens=150))
@example(case=((HeadPattern((Window(2),)), HeadPattern((Full(),)), HeadPattern((Window(2),))), 65))
def test_pieces_equal_dense_forward_and_backward(case: tuple[Heads, int]) -> None:
    assert gap(Inputs(*case)) < 1e-10


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("union", GRID_UNIONS)
def test_pieces_equal_dense_over_many_rectangles(union: tuple[Primitive, ...], causal: bool) -> None:
    head = HeadPattern(union, causal, grid=(22, 19), memory_tokens=70 if causal else 0)
    assert gap(Inputs((head,), 22 * 19)) < 1e-10


@pytest.mark.parametrize("union", UNIONS)
@pytest.mark.parametrize("causal", [True, False])
def test_pieces_equal_dense_over_many_tiles(union: tuple[Primitive, ...], causal: bool) -> None:
    heads = (HeadPattern(union, causal), HeadPattern((Window(1),), causal), HeadPattern(union, causal))
    assert gap(Inputs(heads, 300)) < 1e-10


def test_pieces_equal_dense_where_rows_of_keys_are_cut() -> None:
    heads = (HeadPattern((Full(),)), HeadPattern((Window(1500), Global(3), Stride(2))))
    assert gap(Inputs(heads, 2100)) < 1e-10


@pytest.mark.parametrize(
    "head",
    [
        HeadPattern((Window(2, 1), Global(1), Stride(3)), True),
        HeadPattern((Window(2, 1), Global(1), Stride(3)), False),
        HeadPattern((Neighborhood(3, 3),), False, grid=(2, 3)),
        HeadPattern((Tile(2, 2, 1, 0),), True, grid=(3, 2), memory_tokens=2),
        HeadPattern((Select(2, 1),), memory_tokens=1),
    ],
)
def test_gradients_match_finite_differences(head: HeadPattern) -> None:
    inputs = Inputs((head,), 6)

    def run(q: Tensor, k: Tensor, v: Tensor, *memory: Tensor) -> Tensor:
        return attend(q, k, v, (head,), "pieces", memory=(memory[0], memory[1]) if memory else None)

    assert torch.autograd.gradcheck(run, inputs.leaves)


def test_a_gradient_of_a_gradient_is_refused_in_words() -> None:
    inputs = Inputs((HeadPattern((Window(2),)),), 7)
    (grad,) = torch.autograd.grad(inputs.output("pieces").square().sum(), inputs.q, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        grad.sum().backward()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rounding_of_pieces_is_that_of_the_type(dtype: torch.dtype) -> None:
    """Both backends are compared with float64 on the same rounded inputs; pieces may err twice as much as dense."""
    heads = (
        HeadPattern((Window(100), Global(4), Stride(16))),
        HeadPattern((Window(30),)),
        HeadPattern((Tile(5, 6), Neighborhood(3, 5)), grid=(20, 15)),
        HeadPattern((Select(16, 3),)),
    )
    inputs, exact = Inputs(heads, 300, dtype), Inputs(heads, 300, dtype)
    exact.q, exact.k, exact.v = (x.detach().double().requires_grad_() for x in (inputs.q, inputs.k, inputs.v))
    truth = exact.output_and_gradients("dense", inputs.upstream.double())
    ours, theirs = (inputs.output_and_gradients(backend) for backend in ("pieces", "dense"))
    assert all(tensor.dtype == dtype for tensor in ours)
    assert largest_difference(ours, truth) < 2 * largest_difference(theirs, truth)


def test_autocast_does_not_round_the_scores() -> None:
    inputs = Inputs((HeadPattern((Window(20), Stride(8))),), 100, torch.float32)
    plain = inputs.output_and_gradients("pieces")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = inputs.output_and_gradients("pieces")
    assert largest_difference(cast, plain) == 0.0


def test_heads_may_stand_in_any_order() -> None:
    window, stride = HeadPattern((Window(9), Global(2))), HeadPattern((Stride(5),))
    inputs = Inputs((window, stride, window, stride), 90)
    order = [2, 0, 3, 1]
    q, k, v = (x[:, order] for x in (inputs.q, inputs.k, inputs.v))
    moved = attend(q, k, v, (window, window, stride, stride), "pieces")
    assert largest_difference([inputs.output("pieces")[:, order]], [moved]) < 1e-12


def test_extreme_scores_do_not_overflow() -> None:
    inputs = Inputs((HeadPattern((Window(5), Stride(9))),), 100, torch.float32)
    with torch.no_grad():
        inputs.q *= 300
        inputs.k *= 300
    ours, theirs = (inputs.output(backend) for backend in ("pieces", "dense"))
    assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-3)


class LargestTensor(TorchDispatchMode):
    """Watches every tensor that an operation returns, and remembers the largest storage."""

    num_bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(tensor, Tensor):
                self.num_bytes = max(self.num_bytes, tensor.untyped_storage().nbytes())
        return result


@pytest.mark.parametrize(
    "unions",
    [
        ((Window(255), Global(4)), (Window(255), Global(4), Stride(64))),
        ((Tile(8, 8, 4, 4),), (Neighborhood(7, 7), Stripe("column", 1))),
        ((Select(64, 3),), (Select(9, 2),)),
    ],
    ids=["sequence", "grid", "select"],
)
def test_nothing_of_size_n_by_n_is_ever_made(unions: tuple[tuple[Primitive, ...], ...]) -> None:
    num_tokens = 4096
    heads = tuple(HeadPattern(union, grid=(64, 64), memory_tokens=40) for union in unions)
    q, k, v = (torch.randn(1, 2, num_tokens, 8, requires_grad=True) for _ in range(3))
    memory = (torch.randn(1, 2, 40, 8), torch.randn(1, 2, 40, 8))
    with LargestTensor() as largest:
        attend(q, k, v, heads, "pieces", memory=memory).sum().backward()
    assert largest.num_bytes <= num_tokens**2 / 4  # a mask of booleans would have four times as many
    assert largest.num_bytes < num_tokens**2 // 2  # half of what one boolean n x n mask takes


def test_heads_of_several_kinds_in_any_order_keep_the_type() -> None:
    window, stride = HeadPattern((Window(9), Global(2))), HeadPattern((Stride(5),))
    inputs = Inputs((window, stride, window, stride), 90, torch.bfloat16)
    out = inputs.output("pieces")
    assert out.dtype == torch.bfloat16
    assert largest_difference([out.double()], [inputs.output("dense").double()]) < 0.02
