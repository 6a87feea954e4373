"""A decoder under a pattern equals transformers' own with the pattern's slow mask; under full attention, itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch.testing import assert_close

from nas.patterns.model import ModelPattern
from nas.pretrained.attention_plug import as_it_came
from nas.pretrained.decoder import Decoder
from tests.strategies import decoder_patterns, quick

TOKENS = torch.randint(256, (2, 24), generator=torch.Generator().manual_seed(1))
FAMILIES = ("Llama", "Qwen2", "Qwen3", "Mistral", "Olmo2", "GPTNeoX")
"""Architectures that differ in what is around attention: biases, norms of queries and keys, partial rotations."""


def logits_with_mask(decoder: Decoder, pattern: ModelPattern) -> torch.Tensor:
    """transformers' own attention, each layer with an additive mask made from the definition of every head."""
    num_tokens = TOKENS.shape[1]
    hooks = []
    for module in decoder.model.modules():
        if isinstance(getattr(module, "layer_idx", None), int) and hasattr(module, "q_proj"):
            heads = pattern.layers[module.layer_idx].head_patterns()
            seen = torch.stack([slow_mask(head, num_tokens) for head in heads])
            additive = torch.zeros(seen.shape).masked_fill(~seen, torch.finfo(torch.float32).min)[None]

            def give(module: Any, args: Any, kwargs: Any, additive: torch.Tensor = additive) -> Any:
                return args, {**kwargs, "attention_mask": additive}

            hooks.append(module.register_forward_pre_hook(give, with_kwargs=True))
    try:
        with as_it_came(decoder.model):
            return decoder.logits(TOKENS)
    finally:
        for hook in hooks:
            hook.remove()


def slow_mask(head: Any, num_tokens: int) -> torch.Tensor:
    context = head.context(num_tokens)
    rows = [
        [
            key <= query and any(primitive.allows(query, key, context) for primitive in head.attend)
            for key in range(num_tokens)
        ]
        for query in range(num_tokens)
    ]
    return torch.tensor(rows)


@pytest.mark.parametrize("backend", ["dense", "pieces"])
@torch.no_grad()
def test_logits_equal_those_under_the_definition_as_a_mask(decoder: Decoder, backend: str) -> None:
    @settings(quick, max_examples=12)
    @given(decoder_patterns(num_layers=2))
    def check(pattern: ModelPattern) -> None:
        decoder.plug.backend = backend
        decoder.attend_as(pattern)
        assert_close(decoder.logits(TOKENS), logits_with_mask(decoder, pattern), atol=2e-4, rtol=1e-4)

    check()


@pytest.mark.parametrize("kind", FAMILIES)
@torch.no_grad()
def test_full_attention_is_the_model_itself(kind: str, save_model: Callable[..., Path]) -> None:
    changed = {"sliding_window": None} if kind == "Mistral" else {}
    folder = save_model(kind, **changed)
    decoder = Decoder.load(str(folder))
    decoder.check(TOKENS[:1])
    with as_it_came(decoder.model):
        expected = decoder.logits(TOKENS)
    assert_close(decoder.logits(TOKENS), expected, atol=1e-4, rtol=1e-4)
