"""Plain attention, the reference for outputs of libraries."""

import torch
from torch import Tensor

from nas.errors import ExportError
from nas.patterns.model import ModelPattern

LARGEST_DIFFERENCE = 1e-4
"""For float32 outputs of order 1: far above the effect of the order of summation, far below that of a wrong key."""

MOST_SCORES = 1 << 27
"""Most scores that are compared in one go, heads times queries times keys: several copies of 0.5 GiB."""


def fits(pattern: ModelPattern, num_tokens: int) -> bool:
    """Whether plain attention holds all scores of a layer in an ordinary machine's memory."""
    return pattern.num_heads * num_tokens**2 <= MOST_SCORES


def plain_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: float | None = None) -> Tensor:
    """Softmax over the keys that a mask shows.

    Args:
        q: shape (batch, heads, queries, d_head).
        k: shape (batch, heads or a divisor, keys, d_head).
        v: as k.
        mask: bool, shape (batch or 1, heads, queries, keys) or (heads, queries, keys).
        scale: factor of the scores; None for 1 / sqrt(d_head).
    """
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
    scores = q @ k.mT * (q.shape[-1] ** -0.5 if scale is None else scale)
    return scores.masked_fill(~mask, -torch.inf).softmax(dim=-1).nan_to_num() @ v


def random_qkv(pattern: ModelPattern, num_tokens: int) -> tuple[Tensor, Tensor, Tensor]:
    """Random queries, keys and values with a fixed seed, each of shape (1, heads, num_tokens, 16)."""
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 1, pattern.num_heads, num_tokens, 16, generator=generator)
    return q, k, v


def require_close(theirs: Tensor, ours: Tensor, name: str, what: str) -> None:
    """Raise ExportError unless two outputs are equal up to rounding."""
    difference = float((theirs - ours).abs().max())
    if not difference <= LARGEST_DIFFERENCE:
        raise ExportError(f"{name}: {what} differ from attention under the pattern's mask by up to {difference:.2g}.")
