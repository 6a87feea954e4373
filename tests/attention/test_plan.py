"""A plan holds every visible pair exactly once, in few scores and little memory."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from nas.attention import attend
from nas.attention.pieces.plan import make_plan
from nas.attention.pieces.sizes import MOST_KEYS, MOST_SCORES, NUM_QUERIES
from nas.attention.pieces.tile import Plan
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Global, Random, Stride, Window
from tests.strategies import heads, quick

CPU = torch.device("cpu")
LOCAL, STRIDED = (Window(255), Global(4)), (Window(255), Global(4), Stride(64))


def plan_of(head: HeadPattern, num_tokens: int) -> Plan:
    return make_plan(head, num_tokens, CPU, torch.float32)


def pairs_held(plan: Plan, num_tokens: int) -> Tensor:
    """How often the plan computes each pair, shape (queries, keys)."""
    held = torch.zeros(num_tokens, num_tokens, dtype=torch.int64)
    for part in plan.parts:
        for tile in part.tiles:
            keys = torch.arange(num_tokens)[tile.keys] if isinstance(tile.keys, slice) else tile.keys
            for number, residue in enumerate(range(tile.classes.start, tile.classes.stop)):
                query = torch.arange(tile.queries.start, tile.queries.stop) * part.step + residue
                key = keys * part.step + residue
                seen = (
                    torch.ones(len(query), len(key)) if tile.bias is None else tile.bias.exp()[number % len(tile.bias)]
                )
                for row, column in seen.nonzero().tolist():
                    held[query[row], key[column]] += 1
    return held


@quick
@given(head=heads(), num_tokens=st.integers(1, 24))
def test_every_visible_pair_is_held_exactly_once(head: HeadPattern, num_tokens: int) -> None:
    assert torch.equal(pairs_held(plan_of(head, num_tokens), num_tokens), head.mask(num_tokens).long())


@pytest.mark.parametrize(
    ("union", "most_scores_a_query"),
    [
        (LOCAL, 256 + NUM_QUERIES + 4),
        (STRIDED, 256 + NUM_QUERIES + 4 + 4096 // 64),
        ((Window(0, dilation=1), Random(64, 3)), 3 * 64 + NUM_QUERIES),
        ((Window(15, dilation=16),), 16 + NUM_QUERIES),
    ],
)
def test_scores_are_proportional_to_what_is_seen(union: tuple, most_scores_a_query: int) -> None:
    assert plan_of(HeadPattern(union), 4096).num_scores <= 4096 * most_scores_a_query


def test_tiles_are_of_bounded_size() -> None:
    for union in (LOCAL, STRIDED, (Stride(2),)):
        for part in plan_of(HeadPattern(union), 5000).parts:
            assert max(tile.num_scores for tile in part.tiles) <= max(MOST_SCORES, NUM_QUERIES * MOST_KEYS)


def test_equal_biases_are_stored_once() -> None:
    sizes = [
        sum(bias.numel() for bias in {id(tile.bias): tile.bias for tile in plan_of(head, n).parts[0].tiles}.values())
        for head in (HeadPattern(LOCAL),)
        for n in (2048, 4096)
    ]
    assert sizes[0] == sizes[1]


class LargestTensor(TorchDispatchMode):
    """Watches every tensor that an operation returns, and remembers the largest storage."""

    num_bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(tensor, Tensor):
                self.num_bytes = max(self.num_bytes, tensor.untyped_storage().nbytes())
        return result


def test_nothing_of_size_n_by_n_is_ever_made() -> None:
    num_tokens = 4096
    q, k, v = (torch.randn(1, 2, num_tokens, 8, requires_grad=True) for _ in range(3))
    with LargestTensor() as largest:
        attend(q, k, v, (HeadPattern(LOCAL), HeadPattern(STRIDED)), "pieces").sum().backward()
    assert largest.num_bytes <= 8 * MOST_SCORES  # a tile of scores, or of int64 positions
    assert largest.num_bytes < num_tokens**2 // 2  # half of what one boolean n x n mask takes
