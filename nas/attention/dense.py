"""Dense attention under a mask: the reference that every other backend must equal."""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full

_LARGEST_KEPT_MASK = 1 << 26
"""Masks up to this many entries (64 MiB) are kept for the next call; larger ones are made anew."""


def dense_attention(
    q: Tensor, k: Tensor, v: Tensor, heads: tuple[HeadPattern, ...], scale: float | None = None
) -> Tensor:
    """Attention over all pairs, those that the patterns do not show masked out.

    Args:
        q: queries, shape (batch, heads, tokens, d_head).
        k: keys, same shape.
        v: values, same shape.
        heads: one pattern a head.
        scale: factor on the scores; None for 1 / sqrt(d_head).

    Returns:
        shape (batch, heads, tokens, d_head).
    """
    if all(_is_full(head) and head.causal == heads[0].causal for head in heads):
        return scaled_dot_product_attention(q, k, v, is_causal=heads[0].causal, scale=scale)
    return scaled_dot_product_attention(q, k, v, attn_mask=_mask(heads, q.shape[-2], q.device)[None], scale=scale)


def _is_full(head: HeadPattern) -> bool:
    return any(isinstance(primitive, Full) for primitive in head.attend)


def _mask(heads: tuple[HeadPattern, ...], num_tokens: int, device: torch.device) -> Tensor:
    """The masks of all heads, shape (heads, queries, keys), or (1, queries, keys) where they are all alike."""
    distinct = heads[:1] if len(set(heads)) == 1 else heads
    if len(distinct) * num_tokens**2 > _LARGEST_KEPT_MASK:
        return _make_mask(distinct, num_tokens, device)
    return _kept_mask(distinct, num_tokens, device)


def _make_mask(heads: tuple[HeadPattern, ...], num_tokens: int, device: torch.device) -> Tensor:
    token = torch.arange(num_tokens, device=device)
    masks = {head: head.visible(token[:, None], token[None, :], num_tokens) for head in dict.fromkeys(heads)}
    return torch.stack([masks[head] for head in heads])


_kept_mask = lru_cache(maxsize=16)(_make_mask)
