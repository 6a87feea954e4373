"""What every backend promises: the plain definition, whatever way it is computed."""

import pytest
from hypothesis import given
from torch.nn.functional import scaled_dot_product_attention

from nas.attention import attend
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, Stride, Window
from tests.attention.cases import Heads, Inputs, head_tuples, largest_difference
from tests.strategies import quick


@quick
@given(case=head_tuples(most_tokens=12))
@pytest.mark.parametrize("backend", ["dense", "pieces", "auto"])
def test_a_backend_computes_the_plain_definition(backend: str, case: tuple[Heads, int]) -> None:
    inputs = Inputs(*case)
    assert largest_difference([inputs.output(backend).detach()], [inputs.expected()]) < 1e-12


@pytest.mark.parametrize("backend", ["dense", "pieces"])
@pytest.mark.parametrize("causal", [True, False])
def test_full_and_a_window_past_the_ends_are_plain_attention(backend: str, causal: bool) -> None:
    inputs = Inputs((HeadPattern((Full(),), causal), HeadPattern((Window(129, 129),), causal)), 130)
    plain = scaled_dot_product_attention(inputs.q, inputs.k, inputs.v, is_causal=causal)
    assert largest_difference([inputs.output(backend)], [plain]) < 1e-12


@pytest.mark.parametrize("backend", ["dense", "pieces", "flex"])
def test_the_scale_is_used(backend: str) -> None:
    inputs = Inputs((HeadPattern((Window(5), Stride(4))),), 20)
    q, k, v, heads = inputs.q.detach(), inputs.k.detach(), inputs.v.detach(), inputs.heads
    scaled, by_hand = attend(q, k, v, heads, backend, scale=0.3), attend(q * 0.6, k, v, heads, backend)
    assert largest_difference([scaled], [by_hand]) < 1e-12
