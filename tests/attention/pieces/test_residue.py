"""Tiles of residue classes: a band within each class, and nothing between classes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nas.attention.pieces.tile import MOST_KEYS, MOST_SCORES
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Primitive, Stride, Window
from tests.attention.pieces.tiles import part_of, seen_in
from tests.strategies import quick


def pairs(head: HeadPattern, num_tokens: int, step: int) -> list[tuple[int, int]]:
    """Every pair that the tiles hold, as often as they hold it; padding holds none."""
    found = []
    for tile in part_of("residue", head, num_tokens, step).tiles:
        for queries, keys, seen in seen_in(tile, step):
            row, column = seen.nonzero(as_tuple=True)
            found += list(zip(queries[row].tolist(), keys[column].tolist(), strict=True))
    return sorted(found)


@quick
@given(
    step=st.integers(2, 9),
    windows=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=2),
    strided=st.booleans(),
    causal=st.booleans(),
    num_tokens=st.integers(9, 70),
)
@example(step=2, windows=[(3, 5)], strided=False, causal=False, num_tokens=300)  # several tiles a class
def test_every_pair_is_held_exactly_once(
    step: int, windows: list[tuple[int, int]], strided: bool, causal: bool, num_tokens: int
) -> None:
    union: list[Primitive] = [Window(before, after, step) for before, after in windows]
    head = HeadPattern(tuple(union + [Stride(step)] * strided), causal)
    rows, columns = head.mask(num_tokens).nonzero()
    assert pairs(head, num_tokens, step) == list(zip(rows.tolist(), columns.tolist(), strict=True))


def test_a_step_beyond_the_sequence_leaves_each_query_alone() -> None:
    assert pairs(HeadPattern((Stride(1000),)), 7, 7) == [(token, token) for token in range(7)]


@pytest.mark.parametrize(("step", "num_tokens"), [(2, 2600), (100, 5000)])
def test_tiles_are_of_bounded_size(step: int, num_tokens: int) -> None:
    tiles = part_of("residue", HeadPattern((Stride(step),), causal=False), num_tokens, step).tiles
    assert max(tile.num_scores for tile in tiles) <= MOST_SCORES
    assert max(tile.keys.tokens(step).shape[1] for tile in tiles) <= MOST_KEYS


def test_the_scores_of_a_dilated_window_do_not_grow_with_the_dilation() -> None:
    counts = [
        sum(tile.num_scores for tile in part_of("residue", HeadPattern((Window(7, dilation=step),)), 4096, step).tiles)
        for step in (4, 16)
    ]
    assert counts[0] <= 4096 * (8 + 64) and counts[1] <= 4096 * (8 + 64)
