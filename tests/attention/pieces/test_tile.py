"""Sizes of tiles, and the scores of a plan."""

import torch

from nas.attention.pieces.entries import Folded
from nas.attention.pieces.tile import LONG, MOST_KEYS, MOST_SCORES, NUM_QUERIES, Part, Plan, Tile, queries_in_tile


def tile(num_queries: int, num_keys: int, bias: torch.Tensor | None = None) -> Tile:
    one = slice(0, 1)
    return Tile(Folded(one, slice(0, num_queries)), Folded(one, slice(0, num_keys)), num_queries * num_keys, bias)


def test_a_plan_counts_masked_scores_and_those_of_the_memory() -> None:
    masked = tile(3, 4, torch.full((1, 3, 4), -torch.inf))
    plan = Plan((Part(1, (masked, tile(2, 2))), Part(4, (tile(1, 5),))), Part(1, (tile(3, 10),)), 0)
    assert plan.num_scores == 12 + 4 + 5 + 30


def test_long_sequences_have_larger_tiles() -> None:
    assert [queries_in_tile(n) for n in (1, LONG - 1, LONG)] == [NUM_QUERIES // 2, NUM_QUERIES // 2, NUM_QUERIES]


def test_the_largest_tile_of_one_class_is_worked_on_at_once() -> None:
    assert NUM_QUERIES * MOST_KEYS <= MOST_SCORES
