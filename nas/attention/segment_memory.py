"""The previous segment: rows that every query of a head sees in addition to its own pattern."""

from functools import lru_cache

import torch
from torch import Tensor

from nas.patterns.head import HeadPattern

Pair = tuple[Tensor, Tensor]
"""Keys and values."""


@lru_cache(maxsize=1024)
def most_memory(heads: tuple[HeadPattern, ...]) -> int:
    """How many rows of the memory the heads see: the largest of their numbers."""
    return max(head.memory_tokens for head in heads)


def in_front(memory: Pair | None, k: Tensor, v: Tensor, num_rows: int) -> Pair:
    """The last rows of the memory, followed by the segment's own keys and values.

    Args:
        memory: keys and values, shapes (batch, heads, M, d_key) and (batch, heads, M, d_value); may be None for 0 rows.
        k: keys, shape (batch, heads, tokens, d_key).
        v: values, shape (batch, heads, tokens, d_value).
        num_rows: how many rows are taken, at most M.
    """
    if not num_rows or memory is None:
        return k, v
    keys, values = (torch.cat([old[:, :, -num_rows:], new], dim=2) for old, new in zip(memory, (k, v), strict=True))
    return keys, values


def shows_memory(heads: tuple[HeadPattern, ...], num_rows: int, device: torch.device) -> Tensor:
    """Which of the last rows of the memory each head sees, bool, shape (heads, num_rows)."""
    seen = torch.tensor([head.memory_tokens for head in heads], device=device)
    return torch.arange(num_rows, 0, -1, device=device) <= seen[:, None]
