"""Keys and values mixed along the sequence: Linformer's formula, head by head."""

import torch

from nas.attention.low_rank import low_rank_attention
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import LowRank
from tests.attention.cases import PROJECTED, Inputs, largest_difference


def test_it_is_attention_to_the_projected_rows() -> None:
    """Equation 7 of Wang et al. 2020, written out."""
    heads = tuple(HeadPattern((LowRank(rank),), False) for rank in (2, 5, 2))
    inputs = Inputs(heads, 30)
    assert inputs.projections is not None
    ours = low_rank_attention(inputs.q, inputs.k, inputs.v, heads, inputs.projections, 0.3)
    for number, rank in enumerate((2, 5, 2)):
        to_k, to_v = (projection[number, :rank] for projection in inputs.projections)
        weights = (inputs.q[:, number] @ (to_k @ inputs.k[:, number]).mT * 0.3).softmax(-1)
        assert largest_difference([ours[:, number]], [weights @ (to_v @ inputs.v[:, number])]) < 1e-12


def test_a_smaller_rank_uses_the_first_rows() -> None:
    inputs = Inputs(PROJECTED, 20)
    assert inputs.projections is not None
    with torch.no_grad():
        before = inputs.output("pieces")
        inputs.projections[0][:, 3:] += 9.0
        after = inputs.output("pieces")
    assert [torch.equal(before[:, head], after[:, head]) for head in range(3)] == [True, True, False]
