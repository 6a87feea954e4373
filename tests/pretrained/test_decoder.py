"""A decoder under a pattern equals transformers' own with the pattern's slow mask; under full attention, itself."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch.testing import assert_close

from nas.errors import InputError, PatternError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.pretrained.attention import as_it_came
from nas.pretrained.checks import check_fit
from nas.pretrained.decoder import Decoder
from nas.space import systems
from nas.space.space import Shape
from tests.strategies import decoder_patterns, quick

TOKENS = torch.randint(256, (2, 24), generator=torch.Generator().manual_seed(1))
FAMILIES = ("Llama", "Qwen2", "Qwen3", "Mistral", "Olmo2", "GPTNeoX")
"""Architectures that differ in what is around attention: biases, norms of queries and keys, partial rotations."""


@pytest.fixture(scope="module")
def decoder(llama: Path) -> Decoder:
    return Decoder.load(str(llama))


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


def test_sizes_are_read_from_the_config(decoder: Decoder) -> None:
    sizes = decoder.dimensions
    assert (sizes.num_layers, sizes.num_heads, sizes.num_kv_heads, sizes.heads_per_kv) == (2, 4, 2, 2)
    target = sizes.target(num_tokens=64)
    assert (target.d_model, target.d_head, target.d_mlp, target.gated_mlp, target.vocab_size) == (32, 8, 64, True, 256)
    assert (target.num_tokens, target.bytes_per_element, target.tied_embeddings) == (64, 4, False)
    assert target.name == "llama"


@pytest.mark.parametrize(
    ("kind", "changed", "message"),
    [
        ("Mistral", {"sliding_window": 16}, "a window of 16 tokens in layer 0"),
        ("Gemma2", {"head_dim": 8, "attn_logit_softcapping": 5.0}, "softcap in layer 0"),
        ("Mamba", {"state_size": 8}, r"must attend once in each of its 2 layers, .* got .attention in layers \[\]."),
    ],
)
def test_other_builds_are_refused(
    kind: str, changed: dict[str, Any], message: str, save_model: Callable[..., Path]
) -> None:
    folder = save_model(kind, **changed)
    with pytest.raises(InputError, match=message):
        Decoder.load(str(folder)).check(TOKENS[:1])


SHAPE = Shape(num_layers=2, num_heads=4, num_tokens=24, causal=True, context=True)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (systems.full(replace(SHAPE, num_layers=3)), r"^layers: must count 2, as llama has, got 3"),
        (systems.full(replace(SHAPE, num_heads=8)), r"^layers\[0\].heads: must count 4, as llama has, got 8"),
        (systems.full(replace(SHAPE, causal=False)), r"^causal: must be true for a decoder"),
        (systems.transformer_xl(SHAPE), r"^position: must be rope, which stands for the decoder's own positions"),
        (
            SHAPE.pattern([(HeadGroup(4, (Full(),)),)] * 2, memory_tokens=[0, 5]),
            r"^layers\[1\].memory_tokens: must be 0",
        ),
        (systems.linformer(replace(SHAPE, causal=False)), r"^causal: must be true"),
    ],
)
def test_a_pattern_that_the_decoder_cannot_have_is_refused(
    decoder: Decoder, pattern: ModelPattern, message: str
) -> None:
    with pytest.raises(PatternError, match=message):
        check_fit(pattern, decoder.dimensions)
