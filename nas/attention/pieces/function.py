"""The pieces as one differentiable function."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from nas.attention.head_groups import Members, group_heads
from nas.attention.pieces import once, online
from nas.attention.pieces.plan import make_plan
from nas.attention.pieces.sequences import Sequences, as_sequences, by_batch
from nas.attention.pieces.threads import shares, side_by_side
from nas.attention.pieces.tile import Plan
from nas.attention.segment_memory import Pair
from nas.attention.selection import choose_blocks
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Select


def pieces_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    heads: tuple[HeadPattern, ...],
    scale: float | None = None,
    memory: Pair | None = None,
) -> Tensor:
    """Exact attention in time and memory proportional to what is attended.

    Scores are computed in float32, or in float64 for float64 inputs. Neither pass ever stores more than a few
    tiles of scores. Gradients of gradients are not available.

    Args:
        q: queries, shape (batch, heads, tokens, d_key).
        k: keys, same shape.
        v: values, shape (batch, heads, tokens, d_value).
        heads: one pattern per head, of masks or `select`; heads with equal patterns run together.
        scale: factor on the scores; None for 1 / sqrt(d_key).
        memory: keys and values of the previous segment; see `nas.attention.module.attend`.

    Returns:
        shape (batch, heads, tokens, d_value).
    """
    rows = (k.detach()[:, :, :0], v.detach()[:, :, :0]) if memory is None else memory
    factor = q.shape[-1] ** -0.5 if scale is None else scale
    out: Tensor = _Pieces.apply(q, k, v, *rows, heads, factor)  # type: ignore[no-untyped-call]
    return out


class _Pieces(torch.autograd.Function):
    """Saves its inputs, the choices, the output and one log-sum-exp per query; backward recomputes the scores."""

    @staticmethod
    def forward(
        ctx: Any,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        memory_keys: Tensor,
        memory_values: Tensor,
        heads: tuple[HeadPattern, ...],
        scale: float,
    ) -> Tensor:
        read = (q, k, v, memory_keys, memory_values)
        lse = q.new_empty(*q.shape[:-1], 1, dtype=_compute_dtype(q))
        groups = group_heads(heads)
        chosen = [_choices(q[:, members], k[:, members], head) for head, members in groups.items()]
        with torch.autocast(q.device.type, enabled=False):
            tasks = []
            for (head, members), choices in zip(groups.items(), chosen, strict=True):
                plan = make_plan(head, q.shape[-2], q.device, lse.dtype)
                x = _sequences(read, choices, head, members, scale, lse.dtype)
                tasks.append([partial(_forward, plan, x.part(rows)) for rows in shares(x.q)])
            found = _together(tasks, q.device)
            out = _in_order_of(v, _side_by_side(v, groups, [results[0] for results in found]))
            for members, (_, *sums) in zip(groups.values(), found, strict=True):
                for one in sums:
                    lse[:, members] = by_batch(one, len(q))
        ctx.save_for_backward(*read, out, lse, *chosen)
        ctx.heads, ctx.scale = heads, scale
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_out: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, memory_keys, memory_values, out, lse, *chosen = ctx.saved_tensors
        read = (q, k, v, memory_keys, memory_values)
        old = [torch.zeros_like(x) for x in read[3:]]
        groups = group_heads(ctx.heads)
        with torch.autocast(q.device.type, enabled=False):
            tasks = []
            for (head, members), choices in zip(groups.items(), chosen, strict=True):
                plan = make_plan(head, q.shape[-2], q.device, lse.dtype)
                x = _sequences(read, choices, head, members, ctx.scale, lse.dtype)
                saved = [as_sequences(y, members, lse.dtype) for y in (lse, out, grad_out)]
                own = (partial(_backward, plan, x.part(rows), *(y[rows] for y in saved)) for rows in shares(x.q))
                tasks.append(list(own))
            found = _together(tasks, q.device)
            for (head, members), (_, _, _, *of_memory) in zip(groups.items(), found, strict=True):
                for grad, part in zip(old, of_memory, strict=False):
                    _last_rows(grad, head)[:, members] = by_batch(part, len(q))
            new = [_side_by_side(x, groups, [results[place] for results in found]) for place, x in enumerate(read[:3])]
        return *new, *old, None, None


def _forward(plan: Plan, x: Sequences) -> tuple[Tensor, ...]:
    """The output, and where softmaxes are joined the log-sum-exp of each query's scores."""
    return (once.forward(plan, x),) if plan.one_tile else online.forward(plan, x)


def _backward(plan: Plan, x: Sequences, lse: Tensor, out: Tensor, grad_out: Tensor) -> tuple[Tensor, ...]:
    """The gradients of q, k, v and, where softmaxes are joined, of the memory."""
    return once.backward(plan, x, grad_out) if plan.one_tile else online.backward(plan, x, lse, out, grad_out)


def _choices(q: Tensor, k: Tensor, head: HeadPattern) -> Tensor:
    """What each query of a `select` head chooses, shape (batch, heads, tokens, choices); no choices for masks."""
    if isinstance(head.computed, Select):
        return choose_blocks(q, k, head.computed)
    return q.new_empty(*q.shape[:-1], 0, dtype=torch.int64)


def _sequences(
    read: tuple[Tensor, ...],
    chosen: Tensor,
    head: HeadPattern,
    members: Members,
    scale: float,
    dtype: torch.dtype,
) -> Sequences:
    """The inputs of the heads of one group."""
    q, k, v = (as_sequences(x, members, dtype) for x in read[:3])
    keys, values = (as_sequences(_last_rows(x, head), members, dtype) for x in read[3:])
    return Sequences(q, k, v, keys, values, chosen.flatten(0, 1), scale)


def _last_rows(memory: Tensor, head: HeadPattern) -> Tensor:
    """The rows of the memory that the head sees."""
    return memory[:, :, memory.shape[2] - head.memory_tokens :]


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


def _side_by_side(like: Tensor, groups: dict[HeadPattern, Members], found: Sequence[Tensor]) -> Tensor:
    """The results of all groups, each as sequences, in the shape and type of `like`: by batch and head."""
    if len(found) == 1:
        return by_batch(found[0], len(like)).to(like.dtype)
    whole = torch.empty_like(like)
    for members, one in zip(groups.values(), found, strict=True):
        whole[:, members] = by_batch(one, len(like)).to(like.dtype)
    return whole


def _in_order_of(like: Tensor, x: Tensor) -> Tensor:
    """The same numbers, token by token in memory where `like` is, as linear layers make it: the next needs no copy."""
    ordered = torch.empty_like(like)
    return x if x.stride() == ordered.stride() else ordered.copy_(x)


def _compute_dtype(x: Tensor) -> torch.dtype:
    return torch.float64 if x.dtype == torch.float64 else torch.float32
