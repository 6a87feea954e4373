"""A plan holds every visible pair exactly once, in few scores."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given

from nas.attention.pieces.plan import make_plan
from nas.attention.pieces.tile import MOST_KEYS, MOST_SCORES, NUM_QUERIES, Plan
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Full, Global, Neighborhood, Random, Select, Stride, Stripe, Tile, Window
from tests.attention.pieces.tiles import pairs_held
from tests.strategies import head_cases, quick

CPU = torch.device("cpu")
LOCAL, STRIDED = (Window(255), Global(4)), (Window(255), Global(4), Stride(64))


def plan_of(head: HeadPattern, num_tokens: int) -> Plan:
    return make_plan(head, num_tokens, CPU, torch.float32)


@quick
@given(case=head_cases())
def test_every_visible_pair_is_held_exactly_once(case: tuple[HeadPattern, int]) -> None:
    head, num_tokens = case
    assert (pairs_held(plan_of(head, num_tokens).parts, num_tokens).numpy() == head.mask(num_tokens)).all()


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


def test_a_memory_costs_a_score_for_each_query_and_row() -> None:
    head = HeadPattern(LOCAL)
    assert plan_of(replace(head, memory_tokens=100), 600).num_scores - plan_of(head, 600).num_scores == 600 * 100


def test_tiles_are_of_bounded_size() -> None:
    grid = ((Stripe("row", 50),), (Neighborhood(21, 21),), (Tile(60, 70),))
    for union in (LOCAL, STRIDED, (Stride(2),), *grid):
        for part in plan_of(HeadPattern(union, grid=(50, 100)), 5000).parts:
            assert max(tile.num_scores for tile in part.tiles) <= max(MOST_SCORES, NUM_QUERIES * MOST_KEYS)


def test_the_own_block_is_planned_and_the_choice_is_not() -> None:
    plan = plan_of(HeadPattern((Select(16, 3),)), 100)
    assert plan.block == 16
    assert (pairs_held(plan.parts, 100).numpy() == HeadPattern((Block(16),)).mask(100)).all()
    assert plan_of(HeadPattern((Window(3),)), 100).block == 0


def test_each_way_to_read_the_sequence_is_one_part() -> None:
    union = (Window(9), Stride(8), Global(2), Window(3, dilation=8), Stride(3))
    assert [part.step for part in plan_of(HeadPattern(union), 100).parts] == [1, 3, 8]
    on_a_grid = (Tile(2, 2), Stripe("row", 1), Tile(2, 2), Window(1))
    assert len(plan_of(HeadPattern(on_a_grid, grid=(10, 10)), 100).parts) == 3


def test_what_earlier_parts_show_is_no_part() -> None:
    assert len(plan_of(HeadPattern((Full(), Stride(4))), 50).parts) == 1


def test_a_plan_is_made_once() -> None:
    assert plan_of(HeadPattern(LOCAL), 64) is plan_of(HeadPattern(LOCAL), 64)
