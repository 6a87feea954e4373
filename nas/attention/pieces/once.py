"""One softmax a tile, forward and backward, for plans in which all keys of each query are in one tile.

Windows, blocks and columns make such plans. Nothing has to be joined, so the fused kernels of a softmax and of its
gradient take the place of several passes over the scores each; `online` computes the same for any plan.
"""

from math import prod

import torch
from torch import Tensor

from nas.attention.pieces.entries import fold, unfold
from nas.attention.pieces.sequences import Sequences
from nas.attention.pieces.tile import Part, Plan, Tile


def forward(plan: Plan, x: Sequences) -> Tensor:
    """Attention of sequences that share a plan.

    Args:
        plan: what is computed; all keys of each query are in one tile.
        x: queries, keys and values; no memory and no choices.

    Returns:
        the output, shape (sequences, tokens, d_value).
    """
    assert plan.one_tile
    (part,) = plan.parts
    q, k, v, out = (fold(y, part.step) for y in (x.q, x.k, x.v, torch.empty_like(x.v)))
    (room,) = _rooms(1, part, q)
    for rows, tile in part.pieces(len(q)):
        weights = _weights(tile, tile.queries.take(q, rows), tile.keys.take(k, rows), x.scale, room)
        tile.queries.put(out, rows, torch.bmm(weights, tile.keys.take(v, rows)))
    return unfold(out, x.v.shape[1])


def backward(plan: Plan, x: Sequences, grad_out: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of `forward`'s output with respect to q, k and v.

    Args:
        plan: what was computed.
        x: queries, keys and values.
        grad_out: gradient of the output, shape (sequences, tokens, d_value).
    """
    (part,) = plan.parts
    made = (torch.zeros_like(x.q), torch.zeros_like(x.k), torch.zeros_like(x.v))
    q, k, v, upstream, grad_q, grad_k, grad_v = (fold(y, part.step) for y in (x.q, x.k, x.v, grad_out, *made))
    room, other = _rooms(2, part, q)
    for rows, tile in part.pieces(len(q)):
        queries, keys, own = tile.queries.take(q, rows), tile.keys.take(k, rows), tile.queries.take(upstream, rows)
        weights = _weights(tile, queries, keys, x.scale, room)
        tile.keys.add_product(grad_v, rows, weights.mT, own)
        grads = torch.bmm(own, tile.keys.take(v, rows).mT, out=other[: weights.numel()].view_as(weights))
        torch.ops.aten._softmax_backward_data.out(grads, weights, 2, grads.dtype, grad_input=grads)
        tile.queries.add_product(grad_q, rows, grads, keys, x.scale)
        tile.keys.add_product(grad_k, rows, grads.mT, queries, x.scale)
    num_tokens = x.q.shape[1]
    return unfold(grad_q, num_tokens), unfold(grad_k, num_tokens), unfold(grad_v, num_tokens)


def _rooms(number: int, part: Part, q: Tensor) -> Tensor:
    """Room for the scores that are computed at once, used again and again: large new tensors would cost page faults."""
    most = max((rows.stop - rows.start) * tile.num_scores for rows, tile in part.pieces(len(q)))
    return q.new_empty(number, most)


def _weights(tile: Tile, queries: Tensor, keys: Tensor, scale: float, room: Tensor) -> Tensor:
    """The share of each query in its keys."""
    shape = (len(queries), queries.shape[1], keys.shape[1])
    scores = tile.scores(queries, keys, scale, room[: prod(shape)].view(shape))
    return torch.softmax(scores, 2, out=scores)
