"""The rule by which `auto` picks a backend; docs/attention.md has the figures behind it."""

from collections import Counter
from functools import lru_cache

import torch
from torch import Tensor

from nas.attention.dense import needs_no_mask
from nas.attention.flex import flex_fits
from nas.attention.pieces.plan import make_plan
from nas.attention.pieces.tile import Plan
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Select

FEWEST_TOKENS = 512
"""Shorter sequences run dense: plain products (`short`) are faster than pieces with many different heads."""

LARGEST_SHARE = 0.75
"""Pieces are used while their work is at most this share of all scores."""

SCORES_A_CALL = 40_000
"""Scores that dense attention computes in the time that every call of a tile takes in addition to its own scores."""

SCORES_A_FOLD = 370
"""The same for each query of each part that reads the sequence by residue class, since all tensors are then copied."""


def choose_backend(heads: tuple[HeadPattern, ...], q: Tensor, v: Tensor) -> str:
    """Choose dense for short sequences and full attention, else flex where it can be compiled, else pieces.

    Pieces give way to dense where they would save too few scores, or where their calls would take too long. On a GPU
    neither decides about masks: flex computes no more than dense does.

    Args:
        heads: one pattern per head, all of masks or all `select`.
        q: the queries, shape (batch, heads, tokens, d_key).
        v: the values, shape (batch, heads, tokens, d_value).
    """
    num_tokens = q.shape[-2]
    is_fused = needs_no_mask(heads) and q.shape[-1] == v.shape[-1]  # wider keys, of positions, would leave that kernel
    if num_tokens < FEWEST_TOKENS or is_fused:
        return "dense"
    compiles = flex_fits(q, v)
    if compiles and heads[0].computed is None:
        return "flex"
    if score_share(heads, num_tokens) > LARGEST_SHARE:
        return "dense"
    return "pieces" if compiles or work_share(heads, num_tokens, len(q)) <= LARGEST_SHARE else "dense"


@lru_cache(maxsize=4096)
def work_share(heads: tuple[HeadPattern, ...], num_tokens: int, batch_size: int) -> float:
    """The work of pieces as a share of that of all queries by all keys and memory rows, over all heads.

    Beyond their scores, pieces take time for each call, however few heads share it, and for each reordering of the
    sequence: short batches of many different heads can take longer than dense attention although they compute less.
    """
    work = 0
    for head, count in Counter(heads).items():
        plan = _plan(head, num_tokens)
        of_sequence = _num_scores(head, num_tokens) + SCORES_A_FOLD * num_tokens * plan.num_folds
        work += of_sequence * count * batch_size + SCORES_A_CALL * plan.num_calls(count * batch_size)
    return work / (batch_size * _all_scores(heads, num_tokens))


@lru_cache(maxsize=4096)
def score_share(heads: tuple[HeadPattern, ...], num_tokens: int) -> float:
    """Scores that pieces compute, as a share of all queries by all keys and memory rows, over all heads.

    Chosen blocks are counted without the padding of their routes, which depends on the content.
    """
    return sum(_num_scores(head, num_tokens) for head in heads) / _all_scores(heads, num_tokens)


def _all_scores(heads: tuple[HeadPattern, ...], num_tokens: int) -> int:
    return sum(num_tokens * (num_tokens + head.memory_tokens) for head in heads)


@lru_cache(maxsize=4096)
def _num_scores(head: HeadPattern, num_tokens: int) -> int:
    planned = _plan(head, num_tokens).num_scores
    if not isinstance(head.computed, Select):
        return planned
    choices = min(head.computed.blocks, num_tokens // head.computed.block)
    return planned + num_tokens * choices * head.computed.block


def _plan(head: HeadPattern, num_tokens: int) -> Plan:
    return make_plan(head, num_tokens, torch.device("cpu"), torch.float32)
