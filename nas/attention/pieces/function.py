"""The pieces as one differentiable function."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from nas.attention.grouping import group_heads
from nas.attention.pieces import online
from nas.attention.pieces.plan import make_plan
from nas.attention.pieces.threads import shares, side_by_side
from nas.patterns.head import HeadPattern


def pieces_attention(
    q: Tensor, k: Tensor, v: Tensor, heads: tuple[HeadPattern, ...], scale: float | None = None
) -> Tensor:
    """Exact attention in time and memory proportional to what is attended.

    Scores are computed in float32, or in float64 for float64 inputs. Neither pass ever holds more than a few
    tiles of scores. Gradients of gradients are not available.

    Args:
        q: queries, shape (batch, heads, tokens, d_head).
        k: keys, same shape.
        v: values, same shape.
        heads: one pattern a head; heads with equal patterns are worked on together.
        scale: factor on the scores; None for 1 / sqrt(d_head).

    Returns:
        shape (batch, heads, tokens, d_head).
    """
    out: Tensor = _Pieces.apply(q, k, v, heads, q.shape[-1] ** -0.5 if scale is None else scale)  # type: ignore[no-untyped-call]
    return out


class _Pieces(torch.autograd.Function):
    """Keeps q, k, v, the output and one log-sum-exp a query; backward computes the scores again."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, heads: tuple[HeadPattern, ...], scale: float) -> Tensor:
        dtype = _compute_dtype(q)
        out, lse = torch.empty_like(q), q.new_empty(*q.shape[:-1], 1, dtype=dtype)
        with torch.autocast(q.device.type, enabled=False):
            groups = group_heads(heads)
            tasks = []
            for head, members in groups.items():
                plan = make_plan(head, q.shape[-2], q.device, dtype)
                inputs = [_sequences(x, members, dtype) for x in (q, k, v)]
                inputs[0] = inputs[0] * scale
                tasks.append([partial(online.forward, plan, *_rows(inputs, rows)) for rows in shares(inputs[0])])
            for members, results in zip(groups.values(), _together(tasks, q.device), strict=True):
                out[:, members] = _by_batch(results[0], len(q)).to(q.dtype)
                lse[:, members] = _by_batch(results[1], len(q))
        ctx.save_for_backward(q, k, v, out, lse)
        ctx.heads, ctx.scale = heads, scale
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_out: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, out, lse = ctx.saved_tensors
        grads = [torch.empty_like(x) for x in (q, k, v)]
        with torch.autocast(q.device.type, enabled=False):
            groups = group_heads(ctx.heads)
            tasks = []
            for head, members in groups.items():
                plan = make_plan(head, q.shape[-2], q.device, lse.dtype)
                queries, keys, values, upstream, kept_out, kept_lse = (
                    _sequences(x, members, lse.dtype) for x in (q, k, v, grad_out, out, lse)
                )
                delta = (upstream * kept_out).sum(-1, keepdim=True)
                inputs = [queries * ctx.scale, keys, values, kept_lse, upstream, delta]
                tasks.append([partial(online.backward, plan, *_rows(inputs, rows)) for rows in shares(queries)])
            for members, results in zip(groups.values(), _together(tasks, q.device), strict=True):
                for grad, part, factor in zip(grads, results, (ctx.scale, 1.0, 1.0), strict=True):
                    grad[:, members] = (_by_batch(part, len(q)) * factor).to(grad.dtype)
        return *grads, None, None


def _together(
    tasks: Sequence[Sequence[Callable[[], tuple[Tensor, ...]]]], device: torch.device
) -> list[tuple[Tensor, ...]]:
    """The results of each group of tasks, joined along the sequences."""
    results = iter(side_by_side([task for group in tasks for task in group], device))
    joined = []
    for group in tasks:
        parts = [next(results) for _ in group]
        joined.append(tuple(torch.cat(same) if len(same) > 1 else same[0] for same in zip(*parts, strict=True)))
    return joined


def _rows(inputs: list[Tensor], rows: slice) -> list[Tensor]:
    return [x[rows] for x in inputs]


def _sequences(x: Tensor, members: slice | list[int], dtype: torch.dtype) -> Tensor:
    """Some heads of (batch, heads, tokens, features) as (batch * heads, tokens, features)."""
    return x[:, members].flatten(0, 1).to(dtype)


def _by_batch(x: Tensor, batch: int) -> Tensor:
    """The inverse of `_sequences`."""
    return x.reshape(batch, -1, *x.shape[1:])


def _compute_dtype(x: Tensor) -> torch.dtype:
    return torch.float64 if x.dtype == torch.float64 else torch.float32
