"""The code of the module for plain torch around its masks."""

IMPORTS = """from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention"""

HOW_TO = """How to use it, with q, k, v of shape (batch, heads, tokens, d_head):

    import {module} as pattern

    out = pattern.attention(layer, q, k, v)

or as a part of a model: self.attention = pattern.Attention(layer), called with q, k, v."""

TAIL = '''

QUERIES_AT_ONCE = 512  # queries whose mask is in memory at a time


class Attention(torch.nn.Module):
    """Attention of one layer; it has no parameters."""

    def __init__(self, layer: int, scale: float | None = None) -> None:
        super().__init__()
        self.layer, self.scale = _checked(layer), scale

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """See `attention`."""
        return attention(self.layer, q, k, v, self.scale)


def attention(layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float | None = None) -> Tensor:
    """Attention of one layer, forward and backward, by masked dense attention.

    Args:
        layer: from 0 to NUM_LAYERS - 1.
        q: (batch, NUM_HEADS, queries, d_head): the last tokens; fewer queries than keys only in a causal pattern.
        k: (batch, key-value heads, tokens, d_head); NUM_HEADS is a multiple of their number.
        v: as k.
        scale: factor of the scores; d_head ** -0.5 if None.

    Returns:
        (batch, NUM_HEADS, queries, d_head).
    """
    num_queries, num_tokens = q.shape[-2], k.shape[-2]
    fits = num_queries == num_tokens or (CAUSAL and num_queries < num_tokens)
    if q.shape[1] != NUM_HEADS or not fits:
        raise ValueError(
            f"q, k: must have {{NUM_HEADS}} query heads and equal lengths (a causal q may be shorter), "
            f"got {{tuple(q.shape)}} and {{tuple(k.shape)}}."
        )
    grouped = k.shape[1] != NUM_HEADS
    mod = mask_mod(layer, num_tokens, q.device)
    head = torch.arange(NUM_HEADS, device=q.device)[:, None, None]
    parts = []
    for start in range(0, num_queries, QUERIES_AT_ONCE):
        part = q[:, :, start : start + QUERIES_AT_ONCE]
        first = num_tokens - num_queries + start
        stop = first + part.shape[-2] if CAUSAL else num_tokens  # none of these queries sees a later key
        query = torch.arange(first, first + part.shape[-2], device=q.device)[:, None]
        seen = mod(torch.zeros_like(head), head, query, torch.arange(stop, device=q.device))
        seen = seen.expand(NUM_HEADS, part.shape[-2], stop)
        kept_k, kept_v = k[:, :, :stop], v[:, :, :stop]
        parts.append(
            scaled_dot_product_attention(part, kept_k, kept_v, attn_mask=seen, scale=scale, enable_gqa=grouped)
        )
    return torch.cat(parts, dim=2)
'''
