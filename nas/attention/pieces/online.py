"""One softmax over all tiles of a plan, forward and backward.

Forward is the online softmax (Milakov and Gimelshein 2018): a running maximum, a running sum, and an output that
is rescaled when the maximum grows. Backward needs only the final log-sum-exp of each query, since
P = exp(S - lse) and dS = P * (dP - delta) with delta = sum(dout * out) (Dao et al. 2022, FlashAttention, section 3.1).
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import pad

from nas.attention.pieces.sizes import MOST_SCORES
from nas.attention.pieces.tile import Part, Plan, Tile


def forward(plan: Plan, q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Attention of sequences that share a plan.

    Args:
        plan: what is computed.
        q: queries times the scale, shape (sequences, tokens, d_head).
        k: keys, same shape.
        v: values, same shape.

    Returns:
        the output, same shape, and the log-sum-exp of each query's scores, shape (sequences, tokens, 1).
    """
    out = torch.zeros_like(v)
    total = v.new_zeros(*v.shape[:-1], 1)
    highest = torch.full_like(total, torch.finfo(v.dtype).min / 2)  # finite: a row may have no key in its first part
    for part in plan.parts:
        folded = [_fold(x, part.step) for x in (q, k, v, out, total, highest)]
        for rows, tile in _pieces(part, len(q)):
            _forward_tile(rows, tile, *folded)
        out, total, highest = (_unfold(x, q.shape[1]) for x in folded[3:])
    return out / total, highest + total.log()


def backward(
    plan: Plan, q: Tensor, k: Tensor, v: Tensor, lse: Tensor, grad_out: Tensor, delta: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of `forward`'s output with respect to q, k and v.

    Args:
        plan: what was computed.
        q: queries times the scale, shape (sequences, tokens, d_head).
        k: keys, same shape.
        v: values, same shape.
        lse: from `forward`, shape (sequences, tokens, 1).
        grad_out: gradient of the output, shape (sequences, tokens, d_head).
        delta: sum of grad_out * out over features, shape (sequences, tokens, 1).
    """
    grads = [torch.zeros_like(x) for x in (q, k, v)]
    for part in plan.parts:
        folded = [_fold(x, part.step) for x in (q, k, v, lse, grad_out, delta, *grads)]
        for rows, tile in _pieces(part, len(q)):
            _backward_tile(rows, tile, *folded)
        grads = [_unfold(x, q.shape[1]) for x in folded[6:]]
    return grads[0], grads[1], grads[2]


def _forward_tile(
    rows: slice, tile: Tile, q: Tensor, k: Tensor, v: Tensor, out: Tensor, total: Tensor, highest: Tensor
) -> None:
    asking, answering = (rows, tile.classes, tile.queries), (rows, tile.classes, tile.keys)
    scores = _scores(_flat(q[asking]), _flat(k[answering]), tile.bias)
    old = _flat(highest[asking])
    new = torch.maximum(scores.amax(-1, keepdim=True), old)
    shrink = (old - new).exp_()
    weights = scores.sub_(new).exp_()
    shape = q[asking].shape[:-1]
    total[asking] = (_flat(total[asking]) * shrink + weights.sum(-1, keepdim=True)).view(*shape, 1)
    out[asking] = torch.baddbmm(_flat(out[asking]) * shrink, weights, _flat(v[answering])).view(*shape, -1)
    highest[asking] = new.view(*shape, 1)


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
    asking, answering = (rows, tile.classes, tile.queries), (rows, tile.classes, tile.keys)
    queries, upstream = _flat(q[asking]), _flat(grad_out[asking])
    keys, values = _flat(k[answering]), _flat(v[answering])
    weights = _scores(queries, keys, tile.bias).sub_(_flat(lse[asking])).exp_()
    grad_v[answering] += torch.bmm(weights.mT, upstream).view(v[answering].shape)
    grad_scores = torch.baddbmm(_flat(delta[asking]), upstream, values.mT, beta=-1).mul_(weights)
    grad_q[asking] += torch.bmm(grad_scores, keys).view(q[asking].shape)
    grad_k[answering] += torch.bmm(grad_scores.mT, queries).view(k[answering].shape)


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


def _flat(x: Tensor) -> Tensor:
    """(sequences, classes, entries, features) as (sequences * classes, entries, features)."""
    return x.flatten(0, 1)
