"""The rule by which `auto` picks a backend; docs/attention.md has the figures behind it."""

from functools import lru_cache

import torch
from torch import Tensor

from nas.attention.flex import flex_fits
from nas.attention.pieces.plan import make_plan
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Select

FEWEST_TOKENS = 512
"""From this length on, pieces are nearly always faster on a CPU; below it, dense is with many different heads."""

LARGEST_SHARE = 0.7
"""Pieces are used while they compute at most this share of all scores; tested up to 0.55 at 512 tokens."""


def choose_backend(heads: tuple[HeadPattern, ...], q: Tensor, v: Tensor) -> str:
    """Choose dense for short sequences and dense patterns, else flex where it can be compiled, else pieces.

    Args:
        heads: one pattern per head, all of masks or all `select`.
        q: the queries, shape (batch, heads, tokens, d_key).
        v: the values, shape (batch, heads, tokens, d_value).
    """
    num_tokens = q.shape[-2]
    if num_tokens < FEWEST_TOKENS or score_share(heads, num_tokens) > LARGEST_SHARE:
        return "dense"
    return "flex" if flex_fits(q, v) else "pieces"


@lru_cache(maxsize=512)
def score_share(heads: tuple[HeadPattern, ...], num_tokens: int) -> float:
    """Scores that pieces compute, as a share of all queries by all keys and memory rows, over all heads.

    Chosen blocks are counted without the padding of their routes, which depends on the content.
    """
    return sum(_num_scores(head, num_tokens) for head in heads) / sum(
        num_tokens * (num_tokens + head.memory_tokens) for head in heads
    )


def _num_scores(head: HeadPattern, num_tokens: int) -> int:
    planned = make_plan(head, num_tokens, torch.device("cpu"), torch.float32).num_scores
    if not isinstance(head.computed, Select):
        return planned
    choices = min(head.computed.blocks, num_tokens // head.computed.block)
    return planned + num_tokens * choices * head.computed.block
