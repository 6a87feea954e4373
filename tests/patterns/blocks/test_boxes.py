import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.patterns.blocks.boxes import in_box
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.primitives.support import Box
from tests.strategies import GRIDS, quick

SIDES = st.integers(1, 9)


def intervals(draw: st.DrawFn, size: int) -> np.ndarray:
    """Any intervals within a side of the grid, empty ones and whole sides too: more than the primitives make."""
    interval = draw(st.sampled_from([st.just((0, size)), st.tuples(st.integers(0, size), st.integers(0, size))]))
    pairs = draw(st.lists(interval, min_size=size, max_size=size))
    return np.sort(np.array(pairs), axis=1).T


@given(st.data(), GRIDS, st.booleans(), SIDES, SIDES, st.integers(0, 4))
@settings(quick, max_examples=100)
def test_blocks_of_a_box_are_those_of_its_pairs(data, grid, causal, block_q, block_k, memory):
    rows, columns = data.draw(st.composite(intervals)(grid[0])), data.draw(st.composite(intervals)(grid[1]))
    num_tokens = grid[0] * grid[1]
    row, column = np.divmod(np.arange(num_tokens), grid[1])
    seen = (rows[0][row][:, None] <= row) & (row < rows[1][row][:, None])
    seen &= (columns[0][column][:, None] <= column) & (column < columns[1][column][:, None])
    if causal:
        seen = np.tril(seen)
    tiling = Tiling(num_tokens, block_q, block_k, memory)
    some, every = in_box(
        Box(rows[0], rows[1], columns[0], columns[1], split=False), causal, tiling, slice(0, tiling.num_rows)
    )
    starts = range(-memory, num_tokens, block_k)
    own = [
        [seen[q : q + block_q, max(k, 0) : max(k + block_k, 0)] for k in starts] for q in range(0, num_tokens, block_q)
    ]
    assert some.tolist() == [[block.any() for block in line] for line in own]
    assert every.tolist() == [[block.all() for block in line] for line in own]
