"""FlexAttention as its kernels run it, in plain Python: forward and dq over lists of keys, dk and dv over queries.

Everything is read as kernels read it: the lists up to their counts and in their order, a block's keys counted once for
each list that names it, and the mask function called in partial blocks alone.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask

Rows = slice


def walk(q: Tensor, k: Tensor, v: Tensor, mask: BlockMask, upstream: Tensor) -> list[Tensor]:
    """The output and the gradients of q, k and v; a query that sees nothing gets zeros."""
    out, log_sum = torch.zeros_like(upstream), q.new_full(q.shape[:-1], -torch.inf)
    for h, rows, blocks in _visits(mask.kv_num_blocks, mask.kv_indices, mask.full_kv_num_blocks, mask.full_kv_indices):
        parts = [(columns, _scores(q, k, mask, h, rows, columns, full)) for columns, full in blocks]
        for b in range(len(q) if parts else 0):
            scores = torch.cat([part[b] for _, part in parts], dim=-1)
            log_sum[b, h, rows] = scores.logsumexp(-1)
            weights = (scores - log_sum[b, h, rows, None]).exp().nan_to_num(0)
            out[b, h, rows] = weights @ torch.cat([v[b, h, columns] for columns, _ in parts])
    delta = (out * upstream).sum(-1)
    dq, dk, dv = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
    scale = q.shape[-1] ** -0.5

    def inner(b: int, h: int, rows: Rows, columns: Rows, full: bool) -> tuple[Tensor, Tensor]:
        scores = _scores(q, k, mask, h, rows, columns, full)[b]
        weights = (scores - log_sum[b, h, rows, None]).exp().nan_to_num(0)
        return weights, weights * (upstream[b, h, rows] @ v[b, h, columns].mT - delta[b, h, rows, None]) * scale

    for b in range(len(q)):
        by_row = _visits(mask.kv_num_blocks, mask.kv_indices, mask.full_kv_num_blocks, mask.full_kv_indices)
        for h, rows, blocks in by_row:
            for columns, full in blocks:
                dq[b, h, rows] += inner(b, h, rows, columns, full)[1] @ k[b, h, columns]
        by_column = _visits(mask.q_num_blocks, mask.q_indices, mask.full_q_num_blocks, mask.full_q_indices)
        for h, columns, blocks in by_column:
            for rows, full in blocks:
                weights, change = inner(b, h, rows, columns, full)
                dk[b, h, columns] += change.mT @ q[b, h, rows]
                dv[b, h, columns] += weights.mT @ upstream[b, h, rows]
    return [out, dq, dk, dv]


def _visits(
    num_partial: Tensor, partial: Tensor, num_full: Tensor, full: Tensor
) -> Iterator[tuple[int, Rows, list[tuple[Rows, bool]]]]:
    """For each head and block of one axis, the blocks of the other that a kernel visits and whether each is full."""
    for h in range(partial.shape[1]):
        for block in range(partial.shape[2]):
            visited = [(number, False) for number in partial[0, h, block, : num_partial[0, h, block]].tolist()]
            visited += [(number, True) for number in full[0, h, block, : num_full[0, h, block]].tolist()]
            yield h, _block(block), [(_block(number), is_full) for number, is_full in visited]


def _block(number: int) -> Rows:
    return slice(number * 128, number * 128 + 128)


def _scores(q: Tensor, k: Tensor, mask: BlockMask, h: int, rows: Rows, columns: Rows, full: bool) -> Tensor:
    """Scores of a block for all sequences, -inf where the mask function hides a pair."""
    scores = q[:, h, rows] @ k[:, h, columns].mT * q.shape[-1] ** -0.5
    if full:
        return scores
    query = torch.arange(rows.start, rows.start + scores.shape[-2])[:, None]
    key = torch.arange(columns.start, columns.start + scores.shape[-1])
    return scores.masked_fill(~mask.mask_mod(torch.tensor(0), torch.tensor(h), query, key), -torch.inf)
