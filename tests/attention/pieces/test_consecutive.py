"""Tiles of neighbouring queries: every pair once, and only keys that some query of the tile sees."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas.attention.pieces.tile import MOST_KEYS
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Primitive, Random, Window
from tests.attention.pieces.tiles import pairs_held, part_of, seen_in
from tests.strategies import kinds, quick

AS_IT_STANDS = ("full", "global", "columns", "block", "random")


def unions(causal: bool) -> st.SearchStrategy[tuple[Primitive, ...]]:
    """Primitives that are read without folding; an undilated window is one of them."""
    some = st.one_of(*(kinds(causal)[kind] for kind in AS_IT_STANDS), st.builds(Window, st.integers(0, 9)))
    return st.lists(some, min_size=1, max_size=3).map(tuple)


@quick
@given(st.booleans().flatmap(lambda causal: st.tuples(st.just(causal), unions(causal))), st.integers(1, 90))
def test_every_pair_is_held_exactly_once(case: tuple[bool, tuple[Primitive, ...]], num_tokens: int) -> None:
    head = HeadPattern(case[1], case[0])
    assert (pairs_held([part_of("consecutive", head, num_tokens)], num_tokens).numpy() == head.mask(num_tokens)).all()


@pytest.mark.parametrize("union", [(Window(9),), (Columns(50, 2), Window(0)), (Random(8, 2), Window(3)), (Block(30),)])
def test_a_tile_reads_only_keys_that_it_needs_and_its_own_queries(union: tuple[Primitive, ...]) -> None:
    for tile in part_of("consecutive", HeadPattern(union), 500).tiles:
        for queries, keys, seen in seen_in(tile, 1):
            own = (keys[:, None] == queries).any(1)
            assert (seen.any(0) | own).all()


def test_queries_that_see_everything_are_tiles_of_their_own() -> None:
    tiles = part_of("consecutive", HeadPattern((Global(3), Window(1)), causal=False), 200).tiles
    first = [tile for tile in tiles if int(tile.queries.tokens(1)[0, 0]) < 3]
    assert [tile.queries.tokens(1).tolist() for tile in first] == [[[0, 1, 2]]]
    assert first[0].keys.tokens(1).shape == (1, 200)
    assert all(tile.keys.tokens(1).shape[1] < 100 for tile in tiles if tile is not first[0])


def test_long_rows_of_keys_are_cut() -> None:
    num_tokens = 2 * MOST_KEYS + 5
    tiles = part_of("consecutive", HeadPattern((Full(),), causal=False), num_tokens).tiles
    rows = [tile.keys.tokens(1)[0] for tile in tiles if int(tile.queries.tokens(1)[0, 0]) == 0]
    assert [len(row) for row in rows] == [MOST_KEYS, MOST_KEYS, 5]
    assert torch.equal(torch.cat(rows), torch.arange(num_tokens))
