from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.primitives import Random
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.random_blocks import draw_blocks, draw_row
from tests.patterns.primitives.drawn import drawn, error
from tests.strategies import quick

randoms = st.builds(Random, st.integers(1, 5), st.integers(1, 6), st.integers(0, 2**31 - 1))
sites = st.builds(MaskContext, st.integers(1, 60), st.booleans(), st.integers(0, 90), st.integers(0, 90))


@given(randoms, sites)
@quick
def test_arrays_and_plain_integers_draw_the_same(random, context):
    drawn = draw_blocks(random, context)
    num_blocks = -(-context.num_tokens // random.block)
    for row, blocks in enumerate(drawn):
        candidates = row + 1 if context.causal else num_blocks
        assert set(blocks[blocks >= 0]) == draw_row(random, context.layer, context.head, row, candidates)


@given(randoms, sites)
@quick
def test_draws_are_distinct_and_as_many_as_asked(random, context):
    num_blocks = -(-context.num_tokens // random.block)
    for row, blocks in enumerate(draw_blocks(random, context)):
        candidates = row + 1 if context.causal else num_blocks
        chosen = blocks[blocks >= 0].tolist()
        assert len(chosen) == len(set(chosen)) == min(random.blocks, candidates)
        assert all(block < candidates for block in chosen)


@given(randoms, sites, st.integers(1, 40))
@quick
def test_a_causal_draw_does_not_change_as_the_sequence_grows(random, context, growth):
    short = MaskContext(context.num_tokens, True, context.layer, context.head)
    long = MaskContext(context.num_tokens + growth, True, context.layer, context.head)
    before, after = draw_blocks(random, short), draw_blocks(random, long)
    assert [set(row[row >= 0]) for row in before] == [set(row[row >= 0]) for row in after[: len(before)]]


def test_layers_heads_and_seeds_draw_apart():
    def draw(seed: int, layer: int, head: int) -> bytes:
        return draw_blocks(Random(1, 3, seed), MaskContext(64, False, layer, head)).tobytes()

    draws = {draw(*place) for place in np.ndindex(3, 3, 3)}
    assert len(draws) == 27


def test_every_candidate_is_drawn_about_equally_often():
    drawn = draw_blocks(Random(1, 4), MaskContext(4_000, False))
    counts = Counter((drawn // 100).ravel().tolist())  # 40 bins of 400 expected draws each, deviation 20
    assert set(counts) == set(range(40))
    assert all(abs(count - 400) < 5 * 20 for count in counts.values())


def test_a_row_sees_whole_blocks():
    """Floyd's sampling over splitmix64; the page docs/patterns.md has the same draws."""
    assert draw_row(Random(1, 3), layer=0, head=0, row=9, candidates=10) == {8, 0, 7}
    lines = drawn(Random(2, 1, seed=3), 7)
    assert lines[0] == lines[1] and all(line in ("##.....", "..##...", "....##.", "......#") for line in lines)


def test_a_row_with_fewer_candidates_sees_them_all():
    assert drawn(Random(2, 9), 5) == ["#####"] * 5


def test_it_covers_only_the_same_draw():
    """Of other numbers of blocks it says no, which is always safe."""
    assert Random(4, 2).covers(Random(4, 2), causal=True)
    assert not any(Random(4, 2).covers(other, causal=True) for other in (Random(4, 1), Random(4, 2, 1), Random(2, 2)))


def test_its_label_names_a_seed_only_if_there_is_one():
    assert [Random(64, 3).label(True), Random(64, 3, 7).label(True)] == ["r3x64", "r3x64#7"]


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Random(0, 1), "block: must be 1 or more, got 0."),
        (lambda: Random(4, 0), "blocks: must be 1 or more, got 0."),
        (lambda: Random(4, 1, -1), "seed: must be 0 or more, got -1."),
    ],
)
def test_its_limits(make, line):
    assert error(make) == line
