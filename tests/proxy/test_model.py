"""The cohort's model against one plain Transformer a member, written out in loops."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from nas.errors import PatternError
from nas.patterns.file import load_pattern
from nas.patterns.model import ModelPattern
from nas.proxy.layout import Layout
from nas.proxy.member import Member
from nas.proxy.model import CohortTransformer
from nas.proxy.settings import ProxySettings

NUM_TOKENS, VOCAB_SIZE = 32, 11


def cohort(patterns: Sequence[ModelPattern], proxy: ProxySettings) -> tuple[CohortTransformer, Layout]:
    layout = Layout(proxy, VOCAB_SIZE)
    rows = torch.stack([layout.initial_row(seed) for seed in range(len(patterns))])
    return CohortTransformer(rows, layout, patterns, proxy, NUM_TOKENS), layout


def plain_transformer(weights: dict[str, Tensor], pattern: ModelPattern, tokens: Tensor, shift: bool) -> Tensor:
    """Scores for one sequence, shape (tokens, vocabulary), by the book."""
    x = weights["embedding"][tokens]
    if shift:
        share = weights["token_shift"]
        x = torch.stack([(1 - share) * x[i] + share * (x[i - 1] if i else 0) for i in range(len(x))])
    for layer in range(pattern.num_layers):
        normed = norm(x, weights[f"{layer}.attention_norm"])
        query, key, value = (normed @ weights[f"{layer}.query_key_value"]).chunk(3, dim=1)
        mask = pattern.mask(layer, NUM_TOKENS)
        heads = []
        for head, (q, k, v) in enumerate(zip(*(part.chunk(2, dim=1) for part in (query, key, value)), strict=True)):
            scores = turn(q) @ turn(k).T / q.shape[1] ** 0.5
            heads.append(scores.masked_fill(~mask[head], float("-inf")).softmax(dim=1) @ v)
        x = x + torch.cat(heads, dim=1) @ weights[f"{layer}.attention_out"]
        hidden = functional.gelu(norm(x, weights[f"{layer}.mlp_norm"]) @ weights[f"{layer}.mlp_in"])
        x = x + hidden @ weights[f"{layer}.mlp_out"]
    return norm(x, weights["norm"]) @ weights["head"]


def norm(x: Tensor, gain: Tensor) -> Tensor:
    return x / (x.square().mean(dim=1, keepdim=True) + torch.finfo(x.dtype).eps).sqrt() * gain


def turn(x: Tensor) -> Tensor:
    """Rotary positions by complex numbers."""
    half = x.shape[1] // 2
    angle = torch.arange(len(x))[:, None] * 10_000.0 ** -(torch.arange(half) / half)
    turned = torch.complex(x[:, :half], x[:, half:]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([turned.real, turned.imag], dim=1)


@pytest.mark.parametrize("shift", [False, True])
def test_every_member_is_a_plain_transformer(members: tuple[Member, ...], proxy: ProxySettings, shift: bool) -> None:
    proxy = replace(proxy, token_shift=shift)
    patterns = [member.pattern for member in members]
    model, layout = cohort(patterns, proxy)
    tokens = torch.randint(VOCAB_SIZE, (3, NUM_TOKENS), generator=torch.Generator().manual_seed(0))
    # Gains away from 1, so that a forgotten one would show.
    with torch.no_grad():
        model.rows += 0.1 * torch.randn(model.rows.shape, generator=torch.Generator().manual_seed(1))
        scores = model(tokens).view(len(members), 3, NUM_TOKENS, VOCAB_SIZE)
        weights = layout.unpack(model.rows)
    for index, pattern in enumerate(patterns):
        own = {name: weight[index] for name, weight in weights.items()}
        for sequence in range(3):
            expected = plain_transformer(own, pattern, tokens[sequence], shift)
            torch.testing.assert_close(scores[index, sequence], expected, rtol=1e-4, atol=1e-4)


def test_a_token_changes_only_what_can_see_it(proxy: ProxySettings) -> None:
    window = {"kind": "window", "before": 2, "after": 0, "dilation": 1}
    layers = [{"heads": [{"count": 2, "attend": [window]}]}] * 2
    model, _ = cohort([load_pattern({"schema": "nas.pattern/1", "causal": True, "layers": layers})], proxy)
    tokens = torch.zeros(1, NUM_TOKENS, dtype=torch.int64)
    other = tokens.clone()
    other[0, 10] = 1
    changed = (model(tokens) != model(other)).any(dim=2).flatten().nonzero().flatten().tolist()
    assert changed == [10, 11, 12, 13, 14]


def test_members_share_no_gradient(members: tuple[Member, ...], proxy: ProxySettings) -> None:
    model, _ = cohort([member.pattern for member in members], proxy)
    tokens = torch.arange(NUM_TOKENS)[None] % VOCAB_SIZE
    model(tokens)[2].sum().backward()
    assert model.rows.grad is not None
    assert model.rows.grad.abs().sum(dim=1).gt(0).tolist() == [False, False, True, False]


@pytest.mark.parametrize(("change", "place"), [({"num_layers": 3}, "layers"), ({"num_heads": 4}, "heads")])
def test_a_pattern_that_does_not_fit_is_told(
    members: tuple[Member, ...], proxy: ProxySettings, change: dict[str, int], place: str
) -> None:
    with pytest.raises(PatternError, match=f"{place}: must count"):
        cohort([members[0].pattern], replace(proxy, **change))
