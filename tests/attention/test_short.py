"""Plain products against the formula, in float64, and their gradients against finite differences."""

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from nas.attention.bias import PatternBias, Span, pattern_bias
from nas.attention.dense import dense_attention
from nas.attention.short import MOST_SHORT_SCORES, is_short, short_attention
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, LowRank, Window
from tests.attention.cases import Heads, Inputs, head_tuples

CUT = (Span(slice(0, 4), slice(0, 3)), Span(slice(4, 7), slice(2, 9)))
"""Two spans of seven queries and nine keys, which share one key and leave some pairs out."""


def cut_bias(batch: int, heads: int) -> PatternBias:
    values = torch.full((batch, heads, 7, 9), -torch.inf, dtype=torch.float64)
    for number, span in enumerate(CUT):
        values[:, :, span.queries, span.keys] = 0
        values[:, :, span.queries, span.keys.start + number] = -torch.inf
    return PatternBias(values, CUT)


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64).requires_grad_()


@pytest.mark.parametrize(("batch", "heads"), [(1, 1), (1, 3), (2, 1), (2, 3)])
def test_values_and_gradients_are_those_of_the_formula(batch: int, heads: int) -> None:
    """Also with a bias that is one for all heads, or for all sequences."""
    q, k, v, bias = draw(2, 3, 7, 4), draw(2, 3, 9, 4), draw(2, 3, 9, 5), cut_bias(batch, heads)
    ours = short_attention(q, k, v, bias, 0.3)
    theirs = ((0.3 * q @ k.mT) + bias.values).softmax(-1) @ v
    torch.testing.assert_close(ours, theirs)
    upstream = draw(2, 3, 7, 5).detach()
    for own, their in zip(*(torch.autograd.grad(out, (q, k, v), upstream) for out in (ours, theirs)), strict=True):
        torch.testing.assert_close(own, their)
    assert torch.autograd.gradcheck(lambda q, k, v: short_attention(q, k, v, bias, 0.3), (q, k, v))


@given(head_tuples(most_tokens=150))
@settings(max_examples=60)
def test_random_patterns_agree_with_the_fused_kernel(case: tuple[Heads, int]) -> None:
    heads, num_tokens = case
    heads = tuple(head for head in heads if not isinstance(head.computed, LowRank)) or (HeadPattern((Full(),)),)
    inputs = Inputs(heads, num_tokens)
    bias = pattern_bias(inputs.q, inputs.k, heads)
    rows = bias.values.shape[3] - num_tokens
    keys, values = inputs.k, inputs.v
    if inputs.memory is not None and rows:
        keys, values = (
            torch.cat([old[:, :, -rows:], new], 2) for old, new in zip(inputs.memory, (keys, values), strict=True)
        )
    ours = short_attention(inputs.q, keys, values, bias, 0.5)
    theirs = scaled_dot_product_attention(inputs.q, keys, values, attn_mask=bias.values, scale=0.5)
    torch.testing.assert_close(ours, theirs)
    wanted = (inputs.q, inputs.k, inputs.v)
    for own, their in zip(*(torch.autograd.grad(out, wanted, inputs.upstream) for out in (ours, theirs)), strict=True):
        torch.testing.assert_close(own, their)


def test_short_sequences_on_a_cpu_take_this_path_and_no_others() -> None:
    edge = int(MOST_SHORT_SCORES**0.5)
    for num_tokens, dtype, short in [
        (edge, torch.float32, True),
        (edge, torch.float64, True),
        (edge, torch.bfloat16, False),
        (edge + 1, torch.float32, False),
    ]:
        x = torch.zeros(1, 1, num_tokens, 2, dtype=dtype, requires_grad=True)
        assert is_short(x, x) == short
        heads = (HeadPattern((Window(3),)),)
        assert ("Short" in type(dense_attention(x, x, x, heads).grad_fn).__name__) == short
    on_gpu = torch.zeros(1, 1, 8, 2, device="meta")
    assert not is_short(on_gpu, on_gpu)
