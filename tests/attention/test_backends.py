"""Every backend equals dense attention under the dense mask, forward and backward."""

import pytest
import torch
from hypothesis import example, given, settings
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

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


def inputs(num_heads: int, num_tokens: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> list[Tensor]:
    """q, k, v and the gradient of the output."""
    generator = torch.Generator().manual_seed(seed)
    shape = (2, num_heads, num_tokens, 4)
    return [torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for _ in range(4)]


def output_and_gradients(heads: tuple[HeadPattern, ...], tensors: list[Tensor], backend: str) -> list[Tensor]:
    q, k, v = (leaf.clone().requires_grad_() for leaf in tensors[:3])
    out = attend(q, k, v, heads, backend)
    return [out.detach(), *torch.autograd.grad(out, (q, k, v), tensors[3])]


@quick
@given(case=head_tuples(most_tokens=12))
@pytest.mark.parametrize("backend", ["dense", "pieces", "auto"])
def test_a_backend_computes_the_plain_definition(backend: str, case: tuple[Heads, int]) -> None:
    inputs = Inputs(*case)
    assert largest_difference([inputs.output(backend).detach()], [inputs.expected()]) < 1e-12


@settings(quick, max_examples=80)
@given(case=head_tuples(most_tokens=150))
@example(case=((HeadPattern((Window(2),)), HeadPattern((Full(),)), HeadPattern((Window(2),))), 65))
def test_pieces_equal_dense_forward_and_backward(case: tuple[Heads, int]) -> None:
    inputs = Inputs(*case)
    ours, theirs = (inputs.output_and_gradients(backend) for backend in ("pieces", "dense"))
    assert largest_difference(ours, theirs) < 1e-10


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("union", GRID_UNIONS)
def test_pieces_equal_dense_over_many_rectangles(union: tuple[Primitive, ...], causal: bool) -> None:
    inputs = Inputs((HeadPattern(union, causal, grid=(22, 19), memory_tokens=70 if causal else 0),), 22 * 19)
    ours, theirs = (inputs.output_and_gradients(backend) for backend in ("pieces", "dense"))
    assert largest_difference(ours, theirs) < 1e-10


@pytest.mark.parametrize("union", UNIONS)
@pytest.mark.parametrize("causal", [True, False])
def test_pieces_equal_dense_over_many_tiles(union: tuple[Primitive, ...], causal: bool) -> None:
    heads = (HeadPattern(union, causal), HeadPattern((Window(1),), causal), HeadPattern(union, causal))
    tensors = inputs(len(heads), 300)
    ours, theirs = (output_and_gradients(heads, tensors, backend) for backend in ("pieces", "dense"))
    assert largest_difference(ours, theirs) < 1e-10


def test_pieces_equal_dense_where_rows_of_keys_are_cut() -> None:
    heads = (HeadPattern((Full(),)), HeadPattern((Window(1500), Global(3), Stride(2))))
    tensors = inputs(len(heads), 2100)
    ours, theirs = (output_and_gradients(heads, tensors, backend) for backend in ("pieces", "dense"))
    assert largest_difference(ours, theirs) < 1e-10


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
    q, k, v = (tensor.requires_grad_() for tensor in inputs(1, 7)[:3])
    out = attend(q, k, v, (HeadPattern((Window(2),)),), "pieces")
    (grad,) = torch.autograd.grad(out.square().sum(), q, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        grad.sum().backward()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rounding_of_pieces_is_that_of_the_type(dtype: torch.dtype) -> None:
    """Both backends are held against float64 on the same rounded inputs; pieces may err twice as much as dense."""
    heads = (
        HeadPattern((Window(100), Global(4), Stride(16))),
        HeadPattern((Window(30),)),
        HeadPattern((Tile(5, 6), Neighborhood(3, 5)), grid=(20, 15)),
        HeadPattern((Select(16, 3),)),
    )
    tensors = inputs(len(heads), 300, dtype)
    exact = output_and_gradients(heads, [tensor.double() for tensor in tensors], "dense")
    ours, theirs = (output_and_gradients(heads, tensors, backend) for backend in ("pieces", "dense"))
    assert all(tensor.dtype == dtype for tensor in ours)
    assert largest_difference(ours, exact) < 2 * largest_difference(theirs, exact)


def test_autocast_does_not_round_the_scores() -> None:
    heads = (HeadPattern((Window(20), Stride(8))),)
    tensors = inputs(1, 100, torch.float32)
    plain = output_and_gradients(heads, tensors, "pieces")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = output_and_gradients(heads, tensors, "pieces")
    assert largest_difference(cast, plain) == 0.0


@pytest.mark.parametrize("backend", ["dense", "pieces"])
@pytest.mark.parametrize("causal", [True, False])
def test_full_and_a_window_past_the_ends_are_plain_attention(backend: str, causal: bool) -> None:
    q, k, v, _ = inputs(2, 130)
    heads = (HeadPattern((Full(),), causal), HeadPattern((Window(129, 129),), causal))
    plain = scaled_dot_product_attention(q, k, v, is_causal=causal)
    assert largest_difference([attend(q, k, v, heads, backend)], [plain]) < 1e-12


def test_full_heads_alone_take_the_unmasked_path_and_agree() -> None:
    q, k, v, _ = inputs(2, 50)
    for causal in (True, False):
        plain = scaled_dot_product_attention(q, k, v, is_causal=causal)
        assert torch.equal(attend(q, k, v, (HeadPattern((Full(),), causal),) * 2, "dense"), plain)


@pytest.mark.parametrize("backend", ["dense", "pieces", "flex"])
def test_the_scale_is_used(backend: str) -> None:
    q, k, v, _ = inputs(1, 20)
    heads = (HeadPattern((Window(5), Stride(4))),)
    scaled, by_hand = attend(q, k, v, heads, backend, scale=0.3), attend(q * 0.6, k, v, heads, backend)
    assert largest_difference([scaled], [by_hand]) < 1e-12


def test_heads_may_stand_in_any_order() -> None:
    q, k, v, _ = inputs(4, 90)
    window, stride = HeadPattern((Window(9), Global(2))), HeadPattern((Stride(5),))
    order = [2, 0, 3, 1]
    mixed = attend(q, k, v, (window, stride, window, stride), "pieces")
    moved = attend(q[:, order], k[:, order], v[:, order], (window, window, stride, stride), "pieces")
    assert largest_difference([mixed[:, order]], [moved]) < 1e-12


def test_extreme_scores_do_not_overflow() -> None:
    q, k, v, upstream = inputs(1, 100, torch.float32)
    tensors = [q * 300, k * 300, v, upstream]
    heads = (HeadPattern((Window(5), Stride(9))),)
    ours, theirs = (output_and_gradients(heads, tensors, backend)[0] for backend in ("pieces", "dense"))
    assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-3)
