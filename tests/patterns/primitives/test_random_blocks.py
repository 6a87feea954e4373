from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.primitives import Random
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.random_blocks import draw_blocks, draw_row
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
