"""The bias of dense attention: added to the scores, it hides what the patterns do not show."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock

import torch
from cachetools import LRUCache, cached
from torch import Tensor

from nas.attention.head_groups import Heads, group_heads
from nas.attention.segment_memory import most_memory, shows_memory
from nas.attention.selection import choose_blocks
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Select

_MOST_KEPT_BYTES = 1 << 28
"""Biases are kept for the next call, up to this many bytes together."""

QUERIES_A_SPAN = 64
"""Of 128 queries, two spans leave out a quarter of the pairs of a causal pattern; shorter ones gain nothing more, since
each takes a dozen calls of its own."""


@dataclass(frozen=True, slots=True)
class Span:
    """Queries in a row, and the range of keys that some head shows to some of them."""

    queries: slice
    keys: slice


@dataclass(frozen=True, slots=True, eq=False)
class PatternBias:
    """What is added to the scores of all heads.

    Args:
        values: 0 where a query sees a key and -inf where it does not, of the type of the queries, shape (batch or 1,
            heads or 1, tokens, M + tokens) with the most rows M of memory that a head sees in front.
        spans: of all queries, in order; pairs outside of them are all hidden.
    """

    values: Tensor
    spans: tuple[Span, ...]


def pattern_bias(q: Tensor, k: Tensor, heads: tuple[HeadPattern, ...]) -> PatternBias:
    """The bias of patterns, for content that may decide what `select` heads see.

    Args:
        q: queries, shape (batch, heads, tokens, d_key).
        k: keys of the segment, same shape.
        heads: one pattern per head, of masks or `select`.
    """
    distinct, is_all = _certain(heads)
    bias = _make_bias(distinct, q.shape[2], q.device, q.dtype)
    return bias if is_all else _with_choices(bias.values, q, k, heads)


@lru_cache(maxsize=1024)
def _certain(heads: tuple[HeadPattern, ...]) -> tuple[Heads, bool]:
    """What heads show whatever the content, one head where all are equal; and whether content decides nothing more."""
    certain = Heads(head if head.computed is None else replace(head, attend=head.computed.certain()) for head in heads)
    return Heads(certain[:1]) if len(set(certain)) == 1 else certain, certain == heads


def _with_choices(certain: Tensor, q: Tensor, k: Tensor, heads: tuple[HeadPattern, ...]) -> PatternBias:
    values = certain.repeat(len(q), len(heads) // certain.shape[1], 1, 1)
    own = values[..., values.shape[3] - q.shape[2] :]
    for head, members in group_heads(heads).items():
        if isinstance(head.computed, Select):
            own[:, members] = own[:, members].masked_fill(_chosen(q[:, members], k[:, members], head.computed), 0)
    return PatternBias(values, (Span(slice(0, q.shape[2]), slice(0, values.shape[3])),))


def _chosen(q: Tensor, k: Tensor, select: Select) -> Tensor:
    """The keys in the blocks that each query chose, shape (batch, heads, queries, keys)."""
    chosen = choose_blocks(q, k, select)
    key_block = torch.arange(q.shape[-2], device=q.device) // select.block
    seen = torch.zeros(*q.shape[:-1], len(key_block), dtype=torch.bool, device=q.device)
    for place in range(chosen.shape[-1]):
        seen |= chosen[..., place, None] == key_block
    return seen


@cached(LRUCache(_MOST_KEPT_BYTES, getsizeof=lambda bias: bias.values.nbytes), lock=Lock())
def _make_bias(
    heads: tuple[HeadPattern, ...], num_tokens: int, device: torch.device, dtype: torch.dtype
) -> PatternBias:
    token = torch.arange(num_tokens, device=device)
    masks = {head: head.visible(token[:, None], token[None, :], num_tokens) for head in dict.fromkeys(heads)}
    seen = torch.stack([masks[head] for head in heads])
    if num_rows := most_memory(heads):
        shown = shows_memory(heads, num_rows, device)[:, None, :].expand(-1, num_tokens, -1)
        seen = torch.cat([shown, seen], dim=2)
    values = torch.zeros((), dtype=dtype, device=device).where(seen, -torch.inf)
    return PatternBias(values[None], tuple(_spans(seen.any(0).cpu())))


def _spans(seen: Tensor) -> Iterator[Span]:
    """The spans of a mask, shape (queries, keys), in steps of `QUERIES_A_SPAN`."""
    for start in range(0, len(seen), QUERIES_A_SPAN):
        queries = slice(start, min(start + QUERIES_A_SPAN, len(seen)))
        keys = seen[queries].any(0).nonzero()
        yield Span(queries, slice(int(keys[0]), int(keys[-1]) + 1))
