import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.blocks.progressions import on_progression
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.primitives.support import Progression
from tests.strategies import quick

SIDES = st.integers(1, 6)


@given(st.builds(Progression, st.integers(2, 9), st.integers(0, 9), st.integers(0, 9)), st.booleans(), SIDES, SIDES)
@quick
def test_blocks_of_a_progression_are_those_of_its_pairs(progression, causal, block_q, block_k):
    query, key = np.arange(20)[:, None], np.arange(20)
    steps, rest = np.divmod(query - key, progression.step)
    seen = (rest == 0) & (-progression.after <= steps) & (steps <= progression.before)
    seen &= (key <= query) | (not causal)
    mask = np.pad(seen, ((0, 0), (3, 0)))
    expected = [
        [mask[q : q + block_q, k : k + block_k].any() for k in range(0, 23, block_k)] for q in range(0, 20, block_q)
    ]
    tiling = Tiling(20, block_q, block_k, 3)
    assert on_progression(progression, causal, tiling, slice(0, tiling.num_rows)).tolist() == expected
