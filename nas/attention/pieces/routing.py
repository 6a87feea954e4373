"""Routes: each block of keys with the queries that chose it, forward and backward.

Queries are gathered for the keys, not keys for the queries: a block's keys are read once for 32 queries.

Source: Lu et al. 2025 (MoBA), section 2.3 and algorithm 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from nas.attention.pieces.sequences import Sequences
from nas.attention.pieces.tile import MOST_SCORES

QUERIES = 32
"""Queries in a route; the last route of a block is padded."""


@dataclass(frozen=True, slots=True, eq=False)
class Routes:
    """Which queries meet which blocks; both are numbered consecutively over all sequences.

    Args:
        queries: shape (routes, QUERIES), int64; sequences * tokens marks padding.
        blocks: shape (routes,), int64.
        block: length of a block, in tokens.
    """

    queries: Tensor
    blocks: Tensor
    block: int

    @property
    def num_scores(self) -> int:
        """Scores that are computed, padding included, for all sequences."""
        return self.queries.numel() * self.block

    def pieces(self) -> Iterator[tuple[Tensor, Tensor]]:
        """A few queries and blocks at a time."""
        at_once = max(1, MOST_SCORES // (QUERIES * self.block))
        for start in range(0, len(self.blocks), at_once):
            yield self.queries[start : start + at_once], self.blocks[start : start + at_once]


def make_routes(chosen: Tensor, block: int) -> Routes:
    """Sort queries by the blocks they chose.

    Args:
        chosen: numbers of blocks, -1 for none, int64, shape (sequences, tokens, choices).
        block: length of a block, in tokens.
    """
    num_sequences, num_tokens, _ = chosen.shape
    num_blocks = num_tokens // block
    first_block = torch.arange(num_sequences, device=chosen.device)[:, None, None] * num_blocks
    query, choice = (chosen.flatten(0, 1) >= 0).nonzero(as_tuple=True)
    asked = (chosen + first_block).flatten(0, 1)[query, choice]
    asked, order = asked.sort(stable=True)
    num_queries = asked.bincount(minlength=num_sequences * num_blocks)
    num_routes = (num_queries + QUERIES - 1) // QUERIES
    # A query comes after the routes of all earlier blocks, and after the earlier queries of its own block.
    routes_before, queries_before = num_routes.cumsum(0) - num_routes, num_queries.cumsum(0) - num_queries
    place = torch.arange(len(asked), device=chosen.device) + (routes_before * QUERIES - queries_before)[asked]
    queries = chosen.new_full((int(num_routes.sum()) * QUERIES,), num_sequences * num_tokens)
    queries[place] = query[order]
    blocks = torch.arange(len(num_routes), device=chosen.device).repeat_interleave(num_routes)
    return Routes(queries.view(-1, QUERIES), blocks, block)


def forward(x: Sequences, block: int, out: Tensor, total: Tensor, highest: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The running output, sum and maximum (see `online`) after the chosen blocks of this length, in tokens."""
    q, out, total, highest = (_flat(y) for y in (x.q, out, total, highest))
    k, v = _blocks(x.k, block), _blocks(x.v, block)
    for queries, blocks in make_routes(x.chosen, block).pieces():
        scores = torch.bmm(q[queries], k[blocks].mT)
        new = highest.scatter_reduce(0, queries.view(-1, 1), scores.amax(-1).view(-1, 1), "amax")
        shrink = (highest - new).exp_()
        weights = scores.sub_(new[queries]).exp_()
        total = (total * shrink).index_add_(0, queries.flatten(), weights.sum(-1).view(-1, 1))
        found = torch.bmm(weights, v[blocks]).flatten(0, 1)
        out = (out * shrink).index_add_(0, queries.flatten(), found)
        highest = new
    shape = x.q.shape[:2]
    return out[:-1].view(*shape, -1), total[:-1].view(*shape, 1), highest[:-1].view(*shape, 1)


def backward(
    x: Sequences,
    block: int,
    lse: Tensor,
    grad_out: Tensor,
    delta: Tensor,
    grad_q: Tensor,
    grad_k: Tensor,
    grad_v: Tensor,
) -> None:
    """Add the gradients that come through the chosen blocks."""
    q, lse, grad_out, delta = (_flat(y) for y in (x.q, lse, grad_out, delta))
    k, v = _blocks(x.k, block), _blocks(x.v, block)
    to_q, to_k, to_v = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
    for queries, blocks in make_routes(x.chosen, block).pieces():
        asking, upstream, keys = q[queries], grad_out[queries], k[blocks]
        weights = torch.bmm(asking, keys.mT).sub_(lse[queries]).exp_()
        to_v.index_add_(0, blocks, torch.bmm(weights.mT, upstream))
        grad_scores = torch.baddbmm(delta[queries], upstream, v[blocks].mT, beta=-1).mul_(weights)
        to_q.index_add_(0, queries.flatten(), torch.bmm(grad_scores, keys).flatten(0, 1))
        to_k.index_add_(0, blocks, torch.bmm(grad_scores.mT, asking))
    grad_q += to_q[:-1].view_as(grad_q)
    for grad, found in ((grad_k, to_k), (grad_v, to_v)):
        whole = found.view(len(grad), -1, grad.shape[2])
        grad[:, : whole.shape[1]] += whole


def _flat(x: Tensor) -> Tensor:
    """All sequences concatenated, and a row of zeros for the padding: (sequences * tokens + 1, features)."""
    return pad(x.flatten(0, 1), (0, 0, 0, 1))


def _blocks(x: Tensor, block: int) -> Tensor:
    """The complete blocks of all sequences, shape (sequences * blocks, block, features)."""
    return x[:, : x.shape[1] // block * block].reshape(-1, block, x.shape[-1])
