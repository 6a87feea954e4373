"""Sizes of tiles, and the scores of a plan."""

import pytest
import torch

from nas.attention.pieces import tile as module
from nas.attention.pieces.entries import Folded
from nas.attention.pieces.tile import MOST_KEYS, MOST_SCORES, NUM_QUERIES, Part, Plan, Tile


def tile(num_queries: int, num_keys: int, bias: torch.Tensor | None = None) -> Tile:
    one = slice(0, 1)
    return Tile(Folded(one, slice(0, num_queries)), Folded(one, slice(0, num_keys)), num_queries * num_keys, bias)


def test_a_plan_counts_masked_scores_and_those_of_the_memory() -> None:
    masked = tile(3, 4, torch.full((1, 3, 4), -torch.inf))
    plan = Plan((Part(1, (masked, tile(2, 2))), Part(4, (tile(1, 5),))), Part(1, (tile(3, 10),)), 0)
    assert plan.num_scores == 12 + 4 + 5 + 30


@pytest.mark.parametrize(("num_sequences", "sizes"), [(1, [1]), (3, [3]), (4, [2, 2]), (8, [2, 3, 3])])
def test_sequences_are_worked_on_in_turns_of_about_equal_size(
    num_sequences: int, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SCORES", 3 * 10 + 9)
    turns = [rows for rows, _ in Part(1, (tile(2, 5),)).pieces(num_sequences)]
    assert [rows.stop - rows.start for rows in turns] == sizes
    assert [rows.start for rows in turns[1:]] == [rows.stop for rows in turns[:-1]]
    assert (turns[0].start, turns[-1].stop) == (0, num_sequences)


def test_scores_are_products_with_a_bias_for_each_class_or_for_all() -> None:
    q, k = torch.randn(6, 3, 2), torch.randn(6, 4, 2)
    for classes in (None, 1, 2):
        bias = None if classes is None else torch.randn(classes, 3, 4)
        expected = q @ k.mT + (0 if bias is None else bias.repeat(6 // len(bias), 1, 1))
        torch.testing.assert_close(tile(3, 4, bias).scores(q, k), expected)
        room = torch.full((6, 3, 4), torch.nan)
        assert tile(3, 4, bias).scores(2 * q, k, 0.5, room).data_ptr() == room.data_ptr()
        torch.testing.assert_close(room, expected)


def test_the_largest_tile_of_one_class_is_worked_on_at_once() -> None:
    assert NUM_QUERIES * MOST_KEYS <= MOST_SCORES
