"""Tensors that do not fit are refused in one line."""

import pytest
import torch
from torch import Tensor

from nas.attention import SparseAttention, attend
from nas.errors import InputError
from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.primitives import Full, Global, Window
from tests.attention.cases import PROJECTED, WITH_MEMORY, Inputs

LAYER = LayerPattern((HeadGroup(2, (Window(7), Global(1))), HeadGroup(1, (Full(),))))


def zeros(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.float64)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(3, 40, 8)] * 3, r"q: must have shape \(batch, heads, tokens, d_key\)"),
        ([(0, 3, 40, 8)] * 3, r"q: must have shape \(batch, heads, tokens, d_key\)"),
        ([(1, 4, 40, 8)] * 3, "q: must have 3 heads, as the pattern has, got 4"),
        ([(1, 3, 40, 8), (1, 3, 41, 8), (1, 3, 40, 8)], "k: must have the shape of q"),
        ([(1, 3, 40, 8), (1, 3, 40, 8), (1, 3, 41, 8)], r"v: must have shape .* as q, \(1, 3, 40\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(shapes: list[tuple[int, ...]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SparseAttention(LAYER)(*(torch.zeros(shape) for shape in shapes))


def test_types_that_do_not_fit_are_refused() -> None:
    q = k = v = torch.zeros(1, 3, 8, 8)
    with pytest.raises(InputError, match=r"q: must be a torch\.Tensor, got 'list'"):
        SparseAttention(LAYER)(q.tolist(), k, v)
    with pytest.raises(InputError, match="k: must have the type and device of q"):
        SparseAttention(LAYER)(q, k.double(), v)
    with pytest.raises(InputError, match="q: must hold floating-point numbers"):
        SparseAttention(LAYER)(q.int(), k.int(), v.int())


@pytest.mark.parametrize(
    ("memory", "message"),
    [
        (None, r"memory: must be given, since a head has memory_tokens, got None\. Give \(keys, values\)\."),
        (zeros(2, 3, 6, 4), r"memory: must be two tensors, of keys and of values"),
        (
            (zeros(2, 3, 5, 4), zeros(2, 3, 5, 3)),
            r"memory\[0\]: must have shape \(2, 3, 6 or more, 4\), got \(2, 3, 5, 4\)",
        ),
        ((zeros(2, 3, 6, 4), zeros(2, 3, 6, 4)), r"memory\[1\]: must have shape \(2, 3, 6 or more, 3\)"),
        ((zeros(2, 3, 7, 4), zeros(2, 3, 6, 3)), r"memory\[1\]: must have as many rows as memory\[0\], 7"),
        ((zeros(2, 3, 6, 4).float(), zeros(2, 3, 6, 3)), r"memory\[0\]: must have the type and device of q"),
    ],
)
def test_a_memory_that_does_not_fit_is_refused(memory: object, message: str) -> None:
    inputs = Inputs(WITH_MEMORY, 10)
    with pytest.raises(InputError, match=message):
        attend(inputs.q, inputs.k, inputs.v, WITH_MEMORY, memory=memory)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("projections", "message"),
    [
        (None, r"projections: must be given, since a head has low_rank"),
        (
            (zeros(3, 4, 10), zeros(3, 4, 10)),
            r"projections\[0\]: must have shape \(3, 5 or more, 10\), got \(3, 4, 10\)",
        ),
        ((zeros(3, 5, 10), zeros(3, 5, 11)), r"projections\[1\]: must have shape \(3, 5 or more, 10\)"),
    ],
)
def test_projections_that_do_not_fit_are_refused(projections: object, message: str) -> None:
    inputs = Inputs(PROJECTED, 10)
    with pytest.raises(InputError, match=message):
        attend(inputs.q, inputs.k, inputs.v, PROJECTED, projections=projections)  # type: ignore[arg-type]


def test_what_no_head_would_read_is_refused() -> None:
    q, pair = zeros(1, 1, 5, 2), (zeros(1, 1, 5, 2), zeros(1, 1, 5, 2))
    heads = (HeadPattern((Full(),)),)
    with pytest.raises(InputError, match="memory: must be None, since no head has memory_tokens"):
        attend(q, q, q, heads, memory=pair)
    with pytest.raises(InputError, match="projections: must be None, since no head has low_rank"):
        attend(q, q, q, heads, projections=pair)
