"""Masked attention of short sequences on a CPU, by plain matrix products.

Fused kernels work through tiles of keys, which pays once the scores no longer fit into the processor's cache. Below
that, four products and a softmax are faster, forward and backward (benchmarks/attention.py).
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from nas.attention.bias import PatternBias

MOST_SHORT_SCORES = 1 << 16
"""Most scores of a head, queries times keys, up to which plain products are used: 256 tokens without a memory."""


def is_short(q: Tensor, k: Tensor) -> bool:
    """Whether plain products are faster than a fused kernel for these inputs."""
    precise = q.dtype in (torch.float32, torch.float64)
    return q.device.type == "cpu" and precise and q.shape[2] * k.shape[2] <= MOST_SHORT_SCORES


def short_attention(q: Tensor, k: Tensor, v: Tensor, bias: PatternBias, scale: float) -> Tensor:
    """softmax(scale * q k^T + bias) v, keeping the probabilities for the backward pass.

    Args:
        q: queries, shape (batch, heads, queries, d_key).
        k: keys, shape (batch, heads, keys, d_key).
        v: values, shape (batch, heads, keys, d_value).
        bias: hides pairs; every query sees a key. It gets no gradient.
        scale: factor on the scores.

    Returns:
        shape (batch, heads, queries, d_value).
    """
    out: Tensor = _ShortAttention.apply(q, k, v, bias, scale)  # type: ignore[no-untyped-call]
    return out


class _ShortAttention(torch.autograd.Function):
    """Span by span of queries, with the keys that they can see; only the gradient of a softmax has its own kernel."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, bias: PatternBias, scale: float) -> Tensor:
        queries, keys, values = q.flatten(0, 1) * scale, k.flatten(0, 1), v.flatten(0, 1)
        shares, out = [], []
        for span in bias.spans:
            scores = torch.bmm(queries[:, span.queries], keys[:, span.keys].mT)
            scores.view(*q.shape[:2], *scores.shape[1:]).add_(bias.values[:, :, span.queries, span.keys])
            shares.append(torch.softmax(scores, dim=2))
            out.append(torch.bmm(shares[-1], values[:, span.keys]))
        ctx.save_for_backward(queries, keys, values, *shares)
        ctx.spans, ctx.scale = bias.spans, scale
        return torch.cat(out, dim=1).view(*q.shape[:3], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        queries, keys, values, *shares = ctx.saved_tensors
        shape, upstream = upstream.shape[:2], upstream.flatten(0, 1)
        of_q, of_k, of_v = [], torch.zeros_like(keys), torch.zeros_like(values)
        for span, share in zip(ctx.spans, shares, strict=True):
            own = upstream[:, span.queries]
            of_share = torch.bmm(own, values[:, span.keys].mT)
            of_scores = torch.ops.aten._softmax_backward_data(of_share, share, 2, share.dtype)
            of_q.append(torch.bmm(of_scores, keys[:, span.keys]))
            of_k[:, span.keys] += torch.bmm(of_scores.mT, queries[:, span.queries])
            of_v[:, span.keys] += torch.bmm(share.mT, own)
        whole = torch.cat(of_q, dim=1).mul_(ctx.scale)
        return *(one.view(*shape, *one.shape[1:]) for one in (whole, of_k, of_v)), None, None
