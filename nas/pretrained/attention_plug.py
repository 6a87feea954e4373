"""Attention under a pattern inside any decoder of transformers whose attention goes through its AttentionInterface."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nas.attention.module import attend
from nas.errors import InputError
from nas.patterns.head import HeadPattern
from nas.pretrained.branches import Branches, further_endings
from nas.pretrained.loading import library
from nas.pretrained.phases import attend_in_phase
from nas.results.phase import PatternPhase

IMPLEMENTATION = "nas_search"
"""The name under which transformers knows this attention; exported modules have one of their own."""

NOT_OURS = ("softcap", "s_aux", "position_bias")
"""What some decoders ask of their attention beyond a softmax over visible keys."""

OnHeads = Callable[[int, Tensor, Tensor], None]
"""Called with a layer's index, scaled queries (batch, query heads, tokens, d) and keys (batch, KV heads, tokens, d)."""


@dataclass(slots=True, eq=False)
class Plug:
    """What a model currently attends to.

    Args:
        heads: one pattern a query head, by layer; empty for none yet.
        backend: see `nas.attention.module.attend`.
        phase: where the patterns are used.
        num_prompt: tokens of every sequence that are its prompt, where that makes a difference.
        on_heads: watches queries and keys; None for no watcher.
        branches: how sequences with several endings are laid out; None where they have one.
    """

    heads: tuple[tuple[HeadPattern, ...], ...] = ()
    backend: str = "auto"
    phase: PatternPhase = "both"
    num_prompt: int = 1
    on_heads: OnHeads | None = None
    branches: Branches | None = None


def plug_into(model: Any) -> Plug:
    """Let a model attend as a plug says, from now on.

    Args:
        model: of transformers.

    Raises:
        InputError: its attention does not go through the AttentionInterface.
    """
    transformers = library("transformers")
    transformers.AttentionInterface.register(IMPLEMENTATION, _attention)
    transformers.AttentionMaskInterface.register(IMPLEMENTATION, _no_mask)
    plug = Plug()
    for module in model.modules():
        if isinstance(getattr(module, "layer_idx", None), int):
            module.nas_plug = plug
    kind = model.config.model_type
    if not model._can_set_attn_implementation():
        raise _other_build(kind, "attention of its own")
    model.set_attn_implementation(IMPLEMENTATION)
    return plug


@contextmanager
def as_it_came(model: Any) -> Iterator[None]:
    """The model with attention as transformers has it."""
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(IMPLEMENTATION)


def _attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **asked: Any,
) -> tuple[Tensor, None]:
    """What a layer of transformers calls: (batch, heads, tokens, d) in, (batch, tokens, heads, d) out."""
    plug, layer, num_tokens = module.nas_plug, module.layer_idx, query.shape[2]
    kind = getattr(module.config, "model_type", "?")
    for name in NOT_OURS:
        if asked.get(name) is not None:
            raise _other_build(kind, f"{name} in layer {layer}")
    if (window := asked.get("sliding_window")) is not None and window < num_tokens:
        raise _other_build(kind, f"a window of {window} tokens in layer {layer}")
    scaling = query.shape[3] ** -0.5 if scaling is None else scaling
    if plug.on_heads is not None:
        plug.on_heads(layer, query * scaling, key)
    groups, heads, branches = query.shape[1] // key.shape[1], plug.heads[layer], plug.branches
    key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    if branches is None:
        out = attend_in_phase(query, key, value, heads, plug.phase, plug.num_prompt, plug.backend, scaling)
    else:  # both phases alike, as `score_depths` sees to
        q, k, v = (each[:, :, : branches.num_tokens] for each in (query, key, value))
        further = further_endings(query, key, value, heads, branches, scaling)
        out = torch.cat([attend(q, k, v, heads, plug.backend, scaling), further], dim=2)
    return out.transpose(1, 2).contiguous(), None


def _no_mask(*arguments: Any, **named: Any) -> None:
    """Sequences come without padding, so the pattern is the whole mask."""


def _other_build(kind: str, what: str) -> InputError:
    allowed = "must have full softmax attention that transformers' AttentionInterface runs, in every layer"
    remedy = "Most decoders of the Llama and Qwen families have it; shorter sequences than its window pass too."
    return InputError("checkpoint", allowed, f"{kind} with {what}", remedy)
