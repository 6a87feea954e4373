"""A plan holds every visible pair exactly once, in few scores and little memory."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from nas.attention import attend
from nas.attention.pieces.plan import make_plan
from nas.attention.pieces.sizes import MOST_KEYS, MOST_SCORES, NUM_QUERIES
from nas.attention.pieces.tile import Plan
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Global, Neighborhood, Primitive, Random, Select, Stride, Stripe, Tile, Window
from tests.strategies import head_cases, quick

CPU = torch.device("cpu")
LOCAL, STRIDED = (Window(255), Global(4)), (Window(255), Global(4), Stride(64))


def plan_of(head: HeadPattern, num_tokens: int) -> Plan:
    return make_plan(head, num_tokens, CPU, torch.float32)


def biases(plan: Plan) -> list[Tensor]:
    return [tile.bias for tile in plan.parts[0].tiles if tile.bias is not None]


def pairs_held(plan: Plan, num_tokens: int) -> Tensor:
    """How often the plan computes each pair, shape (queries, keys)."""
    held = torch.zeros(num_tokens, num_tokens, dtype=torch.int64)
    for part in plan.parts:
        for tile in part.tiles:
            queries, keys = tile.queries.tokens(part.step), tile.keys.tokens(part.step)
            bias = torch.zeros(1) if tile.bias is None else tile.bias
            seen = (bias == 0).expand(len(queries), queries.shape[1], keys.shape[1])
            number, row, column = seen.nonzero(as_tuple=True)
            inside = (queries[number, row] < num_tokens) & (keys[number, column] < num_tokens)
            query, key = queries[number, row][inside], keys[number, column][inside]
            held.index_put_((query, key), torch.ones_like(query), accumulate=True)
    return held


@quick
@given(case=head_cases())
def test_every_visible_pair_is_held_exactly_once(case: tuple[HeadPattern, int]) -> None:
    head, num_tokens = case
    assert (pairs_held(plan_of(head, num_tokens), num_tokens).numpy() == head.mask(num_tokens)).all()


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


@pytest.mark.parametrize(
    ("primitive", "most_scores_a_query"),
    [
        (Stripe("row", 2), 2 * 64),
        (Stripe("column", 7), 7 * 64),
        (Tile(8, 8), 64),
        (Tile(8, 8, 4, 4), 64),
        (Tile(7, 7, 3, 3), 49),
        (Neighborhood(7, 7), (7 + 7) ** 2),
        (Neighborhood(1, 13), 8 * (7 + 13)),
    ],
)
def test_scores_on_a_grid_are_proportional_to_what_is_seen(primitive: Primitive, most_scores_a_query: int) -> None:
    plan = plan_of(HeadPattern((primitive,), causal=False, grid=(64, 64)), 4096)
    assert plan.num_scores <= 4096 * most_scores_a_query


def test_a_memory_costs_a_score_for_each_query_and_row() -> None:
    head = HeadPattern(LOCAL)
    assert plan_of(replace(head, memory_tokens=100), 600).num_scores - plan_of(head, 600).num_scores == 600 * 100


def test_tiles_are_of_bounded_size() -> None:
    grid = ((Stripe("row", 50),), (Neighborhood(21, 21),), (Tile(60, 70),))
    for union in (LOCAL, STRIDED, (Stride(2),), *grid):
        for part in plan_of(HeadPattern(union, grid=(50, 100)), 5000).parts:
            assert max(tile.num_scores for tile in part.tiles) <= max(MOST_SCORES, NUM_QUERIES * MOST_KEYS)


def test_equal_biases_are_stored_once() -> None:
    sizes = [
        sum({id(bias): bias.numel() for bias in biases(plan_of(head, n))}.values())
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


@pytest.mark.parametrize(
    "unions",
    [
        (LOCAL, STRIDED),
        ((Tile(8, 8, 4, 4),), (Neighborhood(7, 7), Stripe("column", 1))),
        ((Select(64, 3),), (Select(9, 2),)),
    ],
    ids=["sequence", "grid", "select"],
)
def test_nothing_of_size_n_by_n_is_ever_made(unions: tuple[tuple[Primitive, ...], ...]) -> None:
    num_tokens = 4096
    heads = tuple(HeadPattern(union, grid=(64, 64), memory_tokens=40) for union in unions)
    q, k, v = (torch.randn(1, 2, num_tokens, 8, requires_grad=True) for _ in range(3))
    memory = (torch.randn(1, 2, 40, 8), torch.randn(1, 2, 40, 8))
    with LargestTensor() as largest:
        attend(q, k, v, heads, "pieces", memory=memory).sum().backward()
    assert largest.num_bytes <= 8 * MOST_SCORES  # a tile of scores, or of int64 positions
    assert largest.num_bytes < num_tokens**2 // 2  # half of what one boolean n x n mask takes
