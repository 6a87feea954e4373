"""The cohort's model against one plain Transformer a member, written out in loops."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.network.layout import layout_for
from nas.proxy.network.model import CohortTransformer
from nas.proxy.settings import ProxySettings
from nas.proxy.training.data import as_tensors
from tests import plain_transformer
from tests.families import FAMILIES, STREAM, Family, two_layers, window
from tests.noise_task import NoiseTask
from tests.plain_transformer import plain_transformer as plain

NUM_TOKENS, VOCAB_SIZE = 32, 11
TASK = NoiseTask(num_tokens=NUM_TOKENS, vocab_size=VOCAB_SIZE)


def cohort(patterns: Sequence[ModelPattern], proxy: ProxySettings, task: NoiseTask = TASK) -> CohortTransformer:
    layout = layout_for(patterns[0], proxy, task)
    rows = torch.stack([layout.initial_row(seed) for seed in range(len(patterns))])
    return CohortTransformer(rows, patterns, proxy, task)


def assert_every_member_is_plain(model: CohortTransformer, patterns: Sequence[ModelPattern], task: NoiseTask) -> None:
    """Scores and gradients are those of the oracle."""
    (tokens, targets, context), generator = as_tensors(task.train_batch(0, 3, 0)), torch.Generator().manual_seed(1)
    with torch.no_grad():  # gains away from 1, so that a forgotten one would show
        model.rows += 0.1 * torch.randn(model.rows.shape, generator=generator)  # type: ignore[misc]
    scores = model(tokens, context).unflatten(1, targets.shape)
    probe = torch.randn(scores.shape, generator=generator) / scores[0].numel() ** 0.5
    (gradient,) = torch.autograd.grad((scores * probe).sum(), model.rows)
    rows = model.rows.detach().clone().requires_grad_()
    weights = model.layout.unpack(rows)
    for index, pattern in enumerate(patterns):
        own = {name: weight[index] for name, weight in weights.items()}
        contexts = context if context is not None else [None] * len(tokens)
        expected = torch.stack(
            [
                plain(own, pattern, sequence, before, task.readout)
                for sequence, before in zip(tokens, contexts, strict=True)
            ]
        )
        torch.testing.assert_close(scores[index], expected, rtol=1e-4, atol=1e-4)
        (expected * probe[index]).sum().backward(retain_graph=True)
    torch.testing.assert_close(gradient, rows.grad, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("mixing", [{}, {"token_shift": True}, {"convolution_tokens": 3}], ids=str)
def test_every_member_is_a_plain_transformer(
    members: tuple[Member, ...], proxy: ProxySettings, mixing: dict[str, Any]
) -> None:
    patterns = [member.pattern for member in members]
    assert_every_member_is_plain(cohort(patterns, replace(proxy, **mixing)), patterns, TASK)


def test_what_is_remembered_of_the_segment_before_went_through_the_convolution(proxy: ProxySettings) -> None:
    patterns = [two_layers(window(3), memory=(4, 2)), two_layers(window(2), memory=(1, 7))]
    model = cohort(patterns, replace(proxy, convolution_tokens=3), STREAM)
    assert_every_member_is_plain(model, patterns, STREAM)


def test_the_base_of_rope_reaches_every_layer(proxy: ProxySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_transformer, "ROPE_BASE", 50.0)
    patterns = [two_layers(window(9), window(31))]
    assert_every_member_is_plain(cohort(patterns, replace(proxy, rope_base=50.0)), patterns, TASK)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_every_family_is_a_plain_transformer(family: Family, proxy: ProxySettings) -> None:
    assert_every_member_is_plain(cohort(family.patterns, proxy, family.task), family.patterns, family.task)


def test_a_token_changes_only_what_can_see_it(proxy: ProxySettings) -> None:
    model = cohort([two_layers(window(2))], proxy)
    tokens = torch.zeros(1, NUM_TOKENS, dtype=torch.int64)
    other = tokens.clone()
    other[0, 10] = 1
    changed = (model(tokens) != model(other)).any(dim=2).flatten().nonzero().flatten().tolist()
    assert changed == [10, 11, 12, 13, 14]


def test_the_segment_before_is_seen_as_far_as_it_is_remembered(proxy: ProxySettings) -> None:
    """The first layer's window of 1 brings token 12 of the segment before into states 12 and 13; 14 and 15 are kept."""
    model = cohort([two_layers(window(1), memory=(0, 2))], proxy, STREAM)
    tokens, context = torch.zeros(2, 1, 16, dtype=torch.int64)
    seen = []
    for place in range(16):
        other = context.clone()
        other[0, place] = 1
        seen.append(bool((model(tokens, other) != model(tokens, context)).any()))
    assert [place for place, changed in enumerate(seen) if changed] == [13, 14, 15]


def test_no_gradient_reaches_what_is_remembered(proxy: ProxySettings) -> None:
    """Token 1 stands in the segment before alone: only through hidden states could its embedding learn."""
    model = cohort([two_layers(window(15), memory=(16, 16))], proxy, STREAM)
    tokens = torch.zeros(1, 16, dtype=torch.int64)
    model(tokens, tokens + 1)[0, :, 3].sum().backward()
    assert model.rows.grad is not None
    gradient = model.layout.unpack(model.rows.grad)
    assert gradient["embedding"][0, 0].abs().sum() > 0
    assert gradient["embedding"][0, 1].abs().sum() == 0


def test_members_share_no_gradient(members: tuple[Member, ...], proxy: ProxySettings) -> None:
    model = cohort([member.pattern for member in members], proxy)
    tokens = torch.arange(NUM_TOKENS)[None] % VOCAB_SIZE
    model(tokens)[2].sum().backward()
    assert model.rows.grad is not None
    assert model.rows.grad.abs().sum(dim=1).gt(0).tolist() == [False, False, True, False]
