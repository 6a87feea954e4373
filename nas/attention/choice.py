"""Which backend `auto` picks, by one rule; docs/attention.md has the figures behind it."""

from functools import lru_cache

import torch
from torch import Tensor

from nas.attention.flex import flex_fits
from nas.attention.pieces.plan import make_plan
from nas.patterns.head import HeadPattern

FEWEST_TOKENS = 512
"""From this length on pieces nearly always win on a CPU; below it many different heads make dense the faster one."""

LARGEST_SHARE = 0.7
"""Pieces are used while they compute at most this share of all n * n scores; tried up to 0.55 at 512 tokens."""


def choose_backend(heads: tuple[HeadPattern, ...], q: Tensor) -> str:
    """Dense for short sequences and dense patterns; otherwise flex where it can be compiled, pieces elsewhere.

    Args:
        heads: one pattern a head.
        q: the queries, shape (batch, heads, tokens, d_head).
    """
    num_tokens = q.shape[-2]
    if num_tokens < FEWEST_TOKENS or score_share(heads, num_tokens) > LARGEST_SHARE:
        return "dense"
    return "flex" if flex_fits(q) else "pieces"


@lru_cache(maxsize=512)
def score_share(heads: tuple[HeadPattern, ...], num_tokens: int) -> float:
    """Scores that the pieces compute, as a share of all n * n, over all heads."""
    cpu, dtype = torch.device("cpu"), torch.float32
    return sum(make_plan(head, num_tokens, cpu, dtype).num_scores for head in heads) / (len(heads) * num_tokens**2)
