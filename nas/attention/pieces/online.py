"""One softmax over all tiles of a plan and all chosen blocks, forward and backward.

Forward is the online softmax (Milakov and Gimelshein 2018): a running maximum, a running sum, and an output that
is rescaled when the maximum grows. Backward needs only the final log-sum-exp of each query, since
P = exp(S - lse) and dS = P * (dP - delta) with delta = sum(dout * out) (Dao et al. 2022, FlashAttention, section 3.1).
"""

import torch
from torch import Tensor

from nas.attention.pieces import routing
from nas.attention.pieces.entries import fold, unfold
from nas.attention.pieces.sequences import Sequences
from nas.attention.pieces.tile import Part, Plan, Tile


def forward(plan: Plan, x: Sequences) -> tuple[Tensor, Tensor]:
    """Attention of sequences that share a plan.

    Args:
        plan: what is computed.
        x: queries, keys, values, memory and choices.

    Returns:
        the output, shape (sequences, tokens, d_value), and the log-sum-exp of each query's scores, shape
        (sequences, tokens, 1).
    """
    x = x.scaled()
    out, total = torch.zeros_like(x.v), x.v.new_zeros(*x.v.shape[:-1], 1)
    highest = torch.full_like(total, torch.finfo(out.dtype).min / 2)  # finite: a row may have no key in its first part
    state = (out, total, highest)
    for part in plan.parts:
        state = _forward_part(part, x.q, x.k, x.v, *state)
    if plan.memory.tiles:
        state = _forward_part(plan.memory, x.q, x.memory_keys, x.memory_values, *state)
    if x.chosen.shape[-1]:
        state = routing.forward(x, plan.block, *state)
    out, total, highest = state
    return out / total, highest + total.log()


def backward(
    plan: Plan, x: Sequences, lse: Tensor, out: Tensor, grad_out: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of `forward`'s output with respect to q, k, v and the keys and values of the memory.

    Args:
        plan: what was computed.
        x: queries, keys, values, memory and choices.
        lse: from `forward`, shape (sequences, tokens, 1).
        out: from `forward`, shape (sequences, tokens, d_value).
        grad_out: gradient of the output, same shape.
    """
    scale, x = x.scale, x.scaled()
    grad_q, grad_k, grad_v = (torch.zeros_like(y) for y in (x.q, x.k, x.v))
    memory = (x.memory_keys, x.memory_values)
    grad_memory = [torch.zeros_like(y) for y in memory]
    saved = (lse, grad_out, (grad_out * out).sum(-1, keepdim=True))
    for part in plan.parts:
        grad_q, grad_k, grad_v = _backward_part(part, x.q, x.k, x.v, *saved, grad_q, grad_k, grad_v)
    if plan.memory.tiles:
        grad_q, *grad_memory = _backward_part(plan.memory, x.q, *memory, *saved, grad_q, *grad_memory)
    if x.chosen.shape[-1]:
        routing.backward(x, plan.block, *saved, grad_q, grad_k, grad_v)
    return grad_q.mul_(scale), grad_k, grad_v, grad_memory[0], grad_memory[1]


def _forward_part(
    part: Part, q: Tensor, k: Tensor, v: Tensor, out: Tensor, total: Tensor, highest: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The running output, sum and maximum after a part."""
    folded = [fold(x, part.step) for x in (q, k, v, out, total, highest)]
    for rows, tile in part.pieces(len(q)):
        _forward_tile(rows, tile, *folded)
    out, total, highest = (unfold(x, q.shape[1]) for x in folded[3:])
    return out, total, highest


def _backward_part(
    part: Part,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lse: Tensor,
    grad_out: Tensor,
    delta: Tensor,
    grad_q: Tensor,
    grad_k: Tensor,
    grad_v: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of q, k and v after a part."""
    folded = [fold(x, part.step) for x in (q, k, v, lse, grad_out, delta, grad_q, grad_k, grad_v)]
    for rows, tile in part.pieces(len(q)):
        _backward_tile(rows, tile, *folded)
    grad_q, grad_k, grad_v = (unfold(x, y.shape[1]) for x, y in zip(folded[6:], (q, k, v), strict=True))
    return grad_q, grad_k, grad_v


def _forward_tile(
    rows: slice, tile: Tile, q: Tensor, k: Tensor, v: Tensor, out: Tensor, total: Tensor, highest: Tensor
) -> None:
    asking, answering = tile.queries, tile.keys
    scores = tile.scores(asking.take(q, rows), answering.take(k, rows))
    old = asking.take(highest, rows)
    new = torch.maximum(scores.amax(-1, keepdim=True), old)
    shrink = (old - new).exp_()
    weights = scores.sub_(new).exp_()
    asking.put(total, rows, asking.take(total, rows) * shrink + weights.sum(-1, keepdim=True))
    asking.put(out, rows, torch.baddbmm(asking.take(out, rows) * shrink, weights, answering.take(v, rows)))
    asking.put(highest, rows, new)


def _backward_tile(
    rows: slice,
    tile: Tile,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lse: Tensor,
    grad_out: Tensor,
    delta: Tensor,
    grad_q: Tensor,
    grad_k: Tensor,
    grad_v: Tensor,
) -> None:
    asking, answering = tile.queries, tile.keys
    queries, upstream = asking.take(q, rows), asking.take(grad_out, rows)
    keys, values = answering.take(k, rows), answering.take(v, rows)
    weights = tile.scores(queries, keys).sub_(asking.take(lse, rows)).exp_()
    answering.add_product(grad_v, rows, weights.mT, upstream)
    grad_scores = torch.baddbmm(asking.take(delta, rows), upstream, values.mT, beta=-1).mul_(weights)
    asking.add_product(grad_q, rows, grad_scores, keys)
    answering.add_product(grad_k, rows, grad_scores.mT, queries)
