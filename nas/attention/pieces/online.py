"""One softmax over all tiles of a plan and all chosen blocks, forward and backward.

Forward is the online softmax (Milakov and Gimelshein 2018): a running maximum, a running sum, and an output that
is rescaled when the maximum grows. Backward needs only the final log-sum-exp of each query, since
P = exp(S - lse) and dS = P * (dP - delta) with delta = sum(dout * out) (Dao et al. 2022, FlashAttention, section 3.1).
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import pad

from nas.attention.pieces import routing
from nas.attention.pieces.sequences import Sequences
from nas.attention.pieces.tile import MOST_SCORES, Part, Plan, Tile


def forward(plan: Plan, x: Sequences) -> tuple[Tensor, Tensor]:
    """Attention of sequences that share a plan.

    Args:
        plan: what is computed.
        x: queries, keys, values, memory and choices.

    Returns:
        the output, shape (sequences, tokens, d_value), and the log-sum-exp of each query's scores, shape
        (sequences, tokens, 1).
    """
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
    plan: Plan, x: Sequences, lse: Tensor, grad_out: Tensor, delta: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of `forward`'s output with respect to q, k, v and the keys and values of the memory.

    Args:
        plan: what was computed.
        x: queries, keys, values, memory and choices.
        lse: from `forward`, shape (sequences, tokens, 1).
        grad_out: gradient of the output, shape (sequences, tokens, d_value).
        delta: sum of grad_out * out over features, shape (sequences, tokens, 1).
    """
    grad_q, grad_k, grad_v = (torch.zeros_like(y) for y in (x.q, x.k, x.v))
    memory = (x.memory_keys, x.memory_values)
    grad_memory = [torch.zeros_like(y) for y in memory]
    saved = (lse, grad_out, delta)
    for part in plan.parts:
        grad_q, grad_k, grad_v = _backward_part(part, x.q, x.k, x.v, *saved, grad_q, grad_k, grad_v)
    if plan.memory.tiles:
        grad_q, *grad_memory = _backward_part(plan.memory, x.q, *memory, *saved, grad_q, *grad_memory)
    if x.chosen.shape[-1]:
        routing.backward(x, plan.block, *saved, grad_q, grad_k, grad_v)
    return grad_q, grad_k, grad_v, grad_memory[0], grad_memory[1]


def _forward_part(
    part: Part, q: Tensor, k: Tensor, v: Tensor, out: Tensor, total: Tensor, highest: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The running output, sum and maximum after a part."""
    folded = [_fold(x, part.step) for x in (q, k, v, out, total, highest)]
    for rows, tile in _pieces(part, len(q)):
        _forward_tile(rows, tile, *folded)
    out, total, highest = (_unfold(x, q.shape[1]) for x in folded[3:])
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
    folded = [_fold(x, part.step) for x in (q, k, v, lse, grad_out, delta, grad_q, grad_k, grad_v)]
    for rows, tile in _pieces(part, len(q)):
        _backward_tile(rows, tile, *folded)
    grad_q, grad_k, grad_v = (_unfold(x, y.shape[1]) for x, y in zip(folded[6:], (q, k, v), strict=True))
    return grad_q, grad_k, grad_v


def _forward_tile(
    rows: slice, tile: Tile, q: Tensor, k: Tensor, v: Tensor, out: Tensor, total: Tensor, highest: Tensor
) -> None:
    asking, answering = tile.queries, tile.keys
    scores = _scores(asking.take(q, rows), answering.take(k, rows), tile.bias)
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
    weights = _scores(queries, keys, tile.bias).sub_(asking.take(lse, rows)).exp_()
    answering.add(grad_v, rows, torch.bmm(weights.mT, upstream))
    grad_scores = torch.baddbmm(asking.take(delta, rows), upstream, values.mT, beta=-1).mul_(weights)
    asking.add(grad_q, rows, torch.bmm(grad_scores, keys))
    answering.add(grad_k, rows, torch.bmm(grad_scores.mT, queries))


def _scores(q: Tensor, k: Tensor, bias: Tensor | None) -> Tensor:
    """Scores, shape (sequences * classes, queries, keys); the bias is added by the product itself."""
    if bias is None:
        return torch.bmm(q, k.mT)
    if len(bias) == 1:
        return torch.baddbmm(bias, q, k.mT)
    return bias.repeat(len(q) // len(bias), 1, 1).baddbmm_(q, k.mT)


def _pieces(part: Part, num_sequences: int) -> Iterator[tuple[slice, Tile]]:
    """Every tile for every sequence, as many sequences at a time as MOST_SCORES allows."""
    for tile in part.tiles:
        at_once = max(1, MOST_SCORES // tile.num_scores)
        for start in range(0, num_sequences, at_once):
            yield slice(start, min(start + at_once, num_sequences)), tile


def _fold(x: Tensor, step: int) -> Tensor:
    """(sequences, tokens, features) as (sequences, classes, entries, features), zeros in place of missing tokens."""
    if step == 1:
        return x.unsqueeze(1)
    padded = pad(x, (0, 0, 0, -x.shape[1] % step))
    return padded.reshape(len(x), -1, step, x.shape[2]).transpose(1, 2).contiguous()


def _unfold(x: Tensor, num_tokens: int) -> Tensor:
    """The inverse of `_fold`."""
    return x.transpose(1, 2).flatten(1, 2)[:, :num_tokens]
