"""Several endings of one text, read in one pass: each sees the text and itself, as if the others were not there."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from nas.patterns.arrays import Flags
from nas.patterns.head import HeadPattern


@dataclass(frozen=True, slots=True)
class Branches:
    """How a sequence with several endings is laid out: the text with its first ending, then the other endings.

    Args:
        num_tokens: length n of the text with one ending, in tokens.
        width: tokens of an ending.
        count: endings, the first one included.
    """

    num_tokens: int
    width: int
    count: int

    @property
    def text_tokens(self) -> int:
        """Tokens of the text, which all endings see."""
        return self.num_tokens - self.width

    @property
    def total_tokens(self) -> int:
        """Length of the sequence that is read, in tokens."""
        return self.num_tokens + (self.count - 1) * self.width

    def starts(self) -> range:
        """Where each ending begins."""
        return range(self.text_tokens, self.total_tokens, self.width)

    def positions(self) -> Tensor:
        """The position that the model is given for every token, int64, shape (1, total_tokens)."""
        first = torch.arange(self.num_tokens)
        return torch.cat([first, first[self.text_tokens :].repeat(self.count - 1)])[None]


def can_branch(heads: Iterable[tuple[HeadPattern, ...]]) -> bool:
    """Whether endings can share a pass: what a computed head sees depends on the rest of the sequence.

    Args:
        heads: what every layer attends to.
    """
    return all(head.computed is None for layer in heads for head in layer)


def further_endings(
    query: Tensor, key: Tensor, value: Tensor, heads: tuple[HeadPattern, ...], branches: Branches, scale: float
) -> Tensor:
    """Attention of all endings but the first, whose queries see what a pattern shows to the last queries of a sequence.

    Args:
        query: shape (batch, heads, total_tokens, d).
        key: same shape.
        value: same shape.
        heads: one pattern per head, of masks.
        branches: the layout.
        scale: factor on the scores.

    Returns:
        shape (batch, heads, (count - 1) * width, d).
    """
    seen = _seen(heads, branches).to(query.device)
    return scaled_dot_product_attention(query[:, :, branches.num_tokens :], key, value, attn_mask=seen, scale=scale)


@lru_cache(maxsize=256)
def _seen(heads: tuple[HeadPattern, ...], branches: Branches) -> Tensor:
    """Which keys the further endings see, bool, shape (heads, (count - 1) * width, total_tokens)."""
    rows = np.stack([_last_rows(head, branches.num_tokens, branches.width) for head in heads])
    seen = np.zeros((len(heads), branches.count - 1, branches.width, branches.total_tokens), dtype=np.bool_)
    seen[..., : branches.text_tokens] = rows[:, None, :, : branches.text_tokens]
    for ending, start in enumerate(branches.starts()[1:]):
        seen[:, ending, :, start : start + branches.width] = rows[:, :, branches.text_tokens :]
    return torch.from_numpy(seen.reshape(len(heads), -1, branches.total_tokens))


@lru_cache(maxsize=4096)
def _last_rows(head: HeadPattern, num_tokens: int, width: int) -> Flags:
    """The mask of the last queries, shape (width, num_tokens)."""
    token = np.arange(num_tokens)
    return head.visible(token[-width:, None], token[None, :], num_tokens)
