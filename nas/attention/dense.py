"""Dense attention under a mask: the reference for every other backend."""

from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from nas.attention.head_groups import group_heads
from nas.attention.segment_memory import Pair, in_front, most_memory, shows_memory
from nas.attention.selection import choose_blocks
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, Select

_LARGEST_KEPT_MASK = 1 << 26
"""Masks up to this many entries (64 MiB) are kept for the next call; larger ones are made every time."""


def dense_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    heads: tuple[HeadPattern, ...],
    scale: float | None = None,
    memory: Pair | None = None,
) -> Tensor:
    """Attention over all pairs, with those that the patterns hide masked out.

    Args:
        q: queries, shape (batch, heads, tokens, d_key).
        k: keys, same shape.
        v: values, shape (batch, heads, tokens, d_value).
        heads: one pattern per head, of masks or `select`.
        scale: factor on the scores; None for 1 / sqrt(d_key).
        memory: keys and values of the previous segment; see `nas.attention.module.attend`.

    Returns:
        shape (batch, heads, tokens, d_value).
    """
    num_rows = most_memory(heads)
    if not num_rows and all(_is_full(head) and head.causal == heads[0].causal for head in heads):
        return scaled_dot_product_attention(q, k, v, is_causal=heads[0].causal, scale=scale)
    mask = _own_mask(q, k, heads)
    if num_rows:
        shown = shows_memory(heads, num_rows, q.device)[:, None, :].expand(-1, q.shape[-2], -1)
        mask = torch.cat([shown.expand(len(mask), *shown.shape), mask.expand(-1, len(heads), -1, -1)], dim=-1)
    return scaled_dot_product_attention(q, *in_front(memory, k, v, num_rows), attn_mask=mask, scale=scale)


def _is_full(head: HeadPattern) -> bool:
    return any(isinstance(primitive, Full) for primitive in head.attend)


def _own_mask(q: Tensor, k: Tensor, heads: tuple[HeadPattern, ...]) -> Tensor:
    """Which keys of the segment each query sees, shape (batch or 1, heads or 1, queries, keys)."""
    certain = tuple(head if head.computed is None else replace(head, attend=head.computed.certain()) for head in heads)
    mask = _mask(certain, q.shape[-2], q.device)[None]
    if certain == heads:
        return mask
    mask = mask.repeat(len(q), len(heads) // mask.shape[1], 1, 1)
    for head, members in group_heads(heads).items():
        if isinstance(head.computed, Select):
            mask[:, members] |= _chosen_mask(q[:, members], k[:, members], head.computed)
    return mask


def _chosen_mask(q: Tensor, k: Tensor, select: Select) -> Tensor:
    """The keys in the blocks that each query chose, shape (batch, heads, queries, keys)."""
    chosen = choose_blocks(q, k, select)
    key_block = torch.arange(q.shape[-2], device=q.device) // select.block
    seen = torch.zeros(*q.shape[:-1], len(key_block), dtype=torch.bool, device=q.device)
    for place in range(chosen.shape[-1]):
        seen |= chosen[..., place, None] == key_block
    return seen


def _mask(heads: tuple[HeadPattern, ...], num_tokens: int, device: torch.device) -> Tensor:
    """The masks of all heads, shape (heads, queries, keys), or (1, queries, keys) if they are all equal."""
    distinct = heads[:1] if len(set(heads)) == 1 else heads
    if len(distinct) * num_tokens**2 > _LARGEST_KEPT_MASK:
        return _make_mask(distinct, num_tokens, device)
    return _kept_mask(distinct, num_tokens, device)


def _make_mask(heads: tuple[HeadPattern, ...], num_tokens: int, device: torch.device) -> Tensor:
    token = torch.arange(num_tokens, device=device)
    masks = {head: head.visible(token[:, None], token[None, :], num_tokens) for head in dict.fromkeys(heads)}
    return torch.stack([masks[head] for head in heads])


_kept_mask = lru_cache(maxsize=16)(_make_mask)
