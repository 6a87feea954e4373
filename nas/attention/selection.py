"""The choice of a `select` head: one function, so that all backends choose the same blocks."""

import torch
from torch import Tensor

from nas.patterns.primitives import Select

_MOST_SCORES = 1 << 20
"""Most scores of queries against blocks that are in memory at once: 4 MiB in float32."""


@torch.no_grad()
def choose_blocks(q: Tensor, k: Tensor, select: Select) -> Tensor:
    """The complete earlier blocks whose mean key scores highest against each query.

    Scores are computed in float32, or in float64 for float64 inputs, a few queries at a time. Of equal
    computed scores, the earlier block's wins. The choice has no gradient.

    Args:
        q: queries, shape (batch, heads, tokens, d_key).
        k: keys, same shape.
        select: length of the blocks, and how many are chosen.

    Returns:
        numbers of blocks, int64, shape (batch, heads, tokens, choices), best first; -1 where a query has fewer
        earlier blocks. There are min(select.blocks, complete blocks of the sequence) choices.

    Source: Lu et al. 2025 (MoBA), section 2.2.
    """
    num_tokens = q.shape[-2]
    num_blocks = num_tokens // select.block
    chosen = q.new_full((*q.shape[:-1], min(select.blocks, num_blocks)), -1, dtype=torch.int64)
    with torch.autocast(q.device.type, enabled=False):
        means = _block_means(k, select.block, num_blocks)
        at_once = max(1, _MOST_SCORES // (max(num_blocks, 1) * q.shape[0] * q.shape[1]))
        for start in range(0, num_tokens, at_once):
            queries = slice(start, start + at_once)
            own = torch.arange(num_tokens, device=q.device)[queries] // select.block
            _choose(q[..., queries, :].to(means.dtype) @ means.mT, own, chosen[..., queries, :])
    return chosen


def _block_means(k: Tensor, block: int, num_blocks: int) -> Tensor:
    """The mean key of every complete block, shape (batch, heads, blocks, d_key)."""
    whole = k[..., : num_blocks * block, :].reshape(*k.shape[:-2], num_blocks, block, k.shape[-1])
    return whole.to(torch.float64 if k.dtype == torch.float64 else torch.float32).mean(-2)


def _choose(scores: Tensor, own: Tensor, chosen: Tensor) -> None:
    """Fill in the choices of some queries: the highest score, then the next; `argmax` takes the first of equals."""
    block = torch.arange(scores.shape[-1], device=scores.device)
    scores.masked_fill_(block >= own[:, None], -torch.inf)
    for place in range(chosen.shape[-1]):
        best = scores.argmax(-1, keepdim=True)
        chosen[..., place] = torch.where(own > place, best[..., 0], -1)
        scores.scatter_(-1, best, -torch.inf)
