"""Tiles of a grid: rectangles of queries with the rectangle of keys that they see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.attention.pieces.tile import MOST_KEYS, MOST_SCORES, NUM_QUERIES
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Neighborhood, Primitive, Stripe, Tile
from tests.attention.pieces.tiles import pairs_held, part_of
from tests.strategies import GRID_KINDS, GRIDS, kinds, quick


@quick
@given(primitive=st.one_of(*(kinds(True)[kind] for kind in GRID_KINDS)), causal=st.booleans(), grid=GRIDS)
def test_every_pair_of_a_box_is_held_exactly_once(primitive: Primitive, causal: bool, grid: tuple[int, int]) -> None:
    head, num_tokens = HeadPattern((primitive,), causal, grid=grid), grid[0] * grid[1]
    assert (pairs_held([part_of("grid", head, num_tokens)], num_tokens).numpy() == head.mask(num_tokens)).all()


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
    part = part_of("grid", HeadPattern((primitive,), causal=False, grid=(64, 64)), 4096)
    assert sum(tile.num_scores for tile in part.tiles) <= 4096 * most_scores_a_query


def test_rectangles_that_are_alike_are_one_tile() -> None:
    (tile,) = part_of("grid", HeadPattern((Tile(4, 8),), causal=False, grid=(16, 32)), 512).tiles
    assert tile.queries.tokens(1).shape == tile.keys.tokens(1).shape == (16, 32)
    assert tile.bias is None


def test_rectangles_at_an_edge_are_tiles_of_their_own() -> None:
    tiles = part_of("grid", HeadPattern((Tile(4, 4),), causal=False, grid=(10, 8)), 80).tiles
    assert sorted(tile.queries.tokens(1).shape for tile in tiles) == [(2, 8), (4, 16)]


@pytest.mark.parametrize("primitive", [Stripe("row", 60), Neighborhood(41, 41)])
def test_large_rectangles_are_cut(primitive: Primitive) -> None:
    tiles = part_of("grid", HeadPattern((primitive,), causal=False, grid=(60, 50)), 3000).tiles
    for tile in tiles:
        assert tile.queries.tokens(1).shape[1] <= NUM_QUERIES and tile.keys.tokens(1).shape[1] <= MOST_KEYS
        assert tile.num_scores <= MOST_SCORES
