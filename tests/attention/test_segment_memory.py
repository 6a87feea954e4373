"""The previous segment and the projections: who sees them, and what is refused."""

import pytest
import torch
from torch import Tensor

from nas.attention import SparseAttention, attend
from nas.errors import InputError
from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.primitives import Full, LowRank, Select, Window
from tests.attention.cases import Inputs, largest_difference

MIXED = (
    HeadPattern((Window(2),), memory_tokens=3),
    HeadPattern((Full(),)),
    HeadPattern((Select(4, 1),), memory_tokens=6),
)
PROJECTED = (HeadPattern((LowRank(3),), False), HeadPattern((Full(),), False), HeadPattern((LowRank(5),), False))


def zeros(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.float64)


@pytest.mark.parametrize("backend", ["dense", "pieces", "flex", "auto"])
def test_each_head_sees_its_own_last_rows(backend: str) -> None:
    inputs = Inputs(MIXED, 40)
    assert inputs.memory is not None
    with torch.no_grad():
        before = inputs.output(backend)
        inputs.memory[0][:, :, :-3] += 9.0  # rows 4 to 8 from the end
        after = inputs.output(backend)
    assert [torch.equal(before[:, head], after[:, head]) for head in range(3)] == [True, True, False]
    assert largest_difference([before], [Inputs(MIXED, 40).expected()]) < 1e-12


def test_memory_joins_two_segments_of_full_attention() -> None:
    """With a memory of the whole first segment, the second attends as if both stood in one sequence."""
    whole = Inputs((HeadPattern((Full(),)),), 30)
    q, k, v = (x.detach() for x in (whole.q, whole.k, whole.v))
    heads = (HeadPattern((Full(),), memory_tokens=12),)
    for backend in ("dense", "pieces", "flex"):
        late = attend(q[:, :, 12:], k[:, :, 12:], v[:, :, 12:], heads, backend, memory=(k[:, :, :12], v[:, :, :12]))
        assert largest_difference([late], [whole.output("dense").detach()[:, :, 12:]]) < 1e-12


@pytest.mark.parametrize("heads", [MIXED, PROJECTED], ids=["memory", "projections"])
def test_the_module_hands_on_what_its_heads_need(heads: tuple[HeadPattern, ...]) -> None:
    rows = max(head.memory_tokens for head in heads)
    alike = tuple(HeadPattern(head.attend, head.causal, memory_tokens=rows) for head in heads)
    layer = LayerPattern(tuple(HeadGroup(1, head.attend) for head in alike), alike[0].causal, memory_tokens=rows)
    inputs = Inputs(alike, 20)
    tensors = (inputs.q, inputs.k, inputs.v)
    out = SparseAttention(layer)(*tensors, memory=inputs.memory, projections=inputs.projections)
    assert torch.equal(out, inputs.output("auto"))


def test_a_smaller_rank_uses_the_first_rows() -> None:
    inputs = Inputs(PROJECTED, 20)
    assert inputs.projections is not None
    with torch.no_grad():
        before = inputs.output("pieces")
        inputs.projections[0][:, 3:] += 9.0
        after = inputs.output("pieces")
    assert [torch.equal(before[:, head], after[:, head]) for head in range(3)] == [True, True, False]


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
    inputs = Inputs(MIXED, 10)
    with pytest.raises(InputError, match=message):
        attend(inputs.q, inputs.k, inputs.v, MIXED, memory=memory)  # type: ignore[arg-type]


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
