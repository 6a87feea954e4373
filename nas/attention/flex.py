"""FlexAttention: one mask function for all heads, compiled into a kernel on a GPU.

On a CPU only the forward pass works, uncompiled and over all pairs: enough to compare masks.
"""

import warnings
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from nas.attention.segment_memory import Pair, in_front, most_memory
from nas.errors import InputError
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import MaskPrimitive, Random
from nas.patterns.primitives.mask_context import MaskContext

MaskMod = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
Predicate = Callable[[Tensor, Tensor], Tensor]

_SMALLEST_D_HEAD = 16
"""Fewest features that Triton's matrix products take."""

_MOST_KERNELS = 256
"""Most kernels that dynamo may keep: each tuple of heads compiles its own (dynamo's default limit is 8)."""


def flex_backend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    heads: tuple[HeadPattern, ...],
    scale: float | None = None,
    memory: Pair | None = None,
) -> Tensor:
    """Attention by FlexAttention, in blocks of 128 x 128: empty blocks are skipped.

    Args:
        q: queries, shape (batch, heads, tokens, d_key).
        k: keys, same shape.
        v: values, shape (batch, heads, tokens, d_value).
        heads: one pattern per head, of masks.
        scale: factor on the scores; None for 1 / sqrt(d_key).
        memory: keys and values of the previous segment; see `nas.attention.module.attend`.

    Returns:
        shape (batch, heads, tokens, d_value).

    Raises:
        InputError: a gradient is needed and the device is not a GPU.
    """
    mask = block_mask(heads, q.shape[-2], q.device)
    k, v = in_front(memory, k, v, most_memory(heads))
    if q.device.type == "cuda":
        out: Tensor = compiled_flex_attention()(q, k, v, block_mask=mask, scale=scale)
        return out
    if torch.is_grad_enabled() and any(x.requires_grad for x in (q, k, v)):
        raise InputError(
            "backend", "flex has a backward pass on a GPU only", f"a gradient on {q.device}", "Use pieces or auto."
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="flex_attention called without torch.compile")
        plain = flex_attention(q.detach(), k.detach(), v.detach(), block_mask=mask, scale=scale)
    assert isinstance(plain, Tensor)
    return plain


def flex_fits(q: Tensor, v: Tensor) -> bool:
    """Whether FlexAttention can be compiled for these inputs: a GPU, Triton, and supported widths and types."""
    has_triton = find_spec("triton") is not None
    wide_enough = min(q.shape[-1], v.shape[-1]) >= _SMALLEST_D_HEAD
    return q.device.type == "cuda" and has_triton and wide_enough and q.dtype != torch.float64


def mask_mod(heads: tuple[HeadPattern, ...], num_tokens: int, device: torch.device) -> MaskMod:
    """The mask as FlexAttention expects it: `mask_mod(b, h, q_idx, kv_idx)`, true where attention is allowed.

    Keys are numbered from the first memory row that any head sees; the segment's own keys follow.

    Args:
        heads: one pattern per head, of masks.
        num_tokens: sequence length n, in tokens.
        device: of the positions.
    """
    distinct = list(dict.fromkeys(heads))
    which = torch.tensor([distinct.index(head) for head in heads], device=device)
    predicates = [_predicate(head, num_tokens, device) for head in distinct]

    def own(h: Tensor, q_idx: Tensor, key: Tensor) -> Tensor:
        seen = predicates[0](q_idx, key)
        for number, predicate in enumerate(predicates[1:], start=1):
            seen = torch.where(which[h] == number, predicate(q_idx, key), seen)
        return seen

    num_rows = most_memory(heads)
    if not num_rows:
        return lambda b, h, q_idx, kv_idx: own(h, q_idx, kv_idx)
    first_row = torch.tensor([num_rows - head.memory_tokens for head in heads], device=device)

    def with_memory(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:
        key = (kv_idx - num_rows).clamp(min=0)  # a table must not be read before its start
        return torch.where(kv_idx < num_rows, kv_idx >= first_row[h], own(h, q_idx, key))

    return with_memory


def _predicate(head: HeadPattern, num_tokens: int, device: torch.device) -> Predicate:
    """`HeadPattern.visible` in a form that dynamo can trace."""
    rules = [_rule(primitive, head.context(num_tokens), device) for primitive in head.masks]

    def visible(query: Tensor, key: Tensor) -> Tensor:
        seen = rules[0](query, key)
        for rule in rules[1:]:
            seen = seen | rule(query, key)
        return seen & (key <= query) if head.causal else seen

    return visible


def _rule(primitive: MaskPrimitive, context: MaskContext, device: torch.device) -> Predicate:
    if not isinstance(primitive, Random):
        return lambda query, key: primitive.visible(query, key, context)
    # Dynamo cannot trace the drawing of blocks (64-bit unsigned numpy): draw before tracing, look up inside.
    token = np.arange(0, context.num_tokens, primitive.block)
    table = torch.from_numpy(primitive.visible(token[:, None], token[None, :], context)).to(device)
    block = primitive.block
    return lambda query, key: table[query // block, key // block]


@lru_cache(maxsize=256)
def block_mask(heads: tuple[HeadPattern, ...], num_tokens: int, device: torch.device) -> BlockMask:
    """Which 128 x 128 blocks contain visible pairs, for all heads; cached, since making it costs more than using it."""
    num_keys = most_memory(heads) + num_tokens
    return create_block_mask(mask_mod(heads, num_tokens, device), None, len(heads), num_tokens, num_keys, str(device))


@lru_cache(maxsize=1)
def compiled_flex_attention() -> Any:
    """`flex_attention`, compiled on first use."""
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, _MOST_KERNELS)
    return torch.compile(flex_attention, dynamic=False)
