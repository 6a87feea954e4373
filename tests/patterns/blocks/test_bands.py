import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.blocks.bands import gaps, touched
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.primitives.support import Band
from tests.strategies import quick

EDGES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=12, max_size=12)


def shown(start, stop):
    key = np.arange(12)
    return (np.array(start)[:, None] <= key) & (key < np.array(stop)[:, None])


@given(EDGES, st.integers(1, 5), st.integers(1, 5), st.integers(0, 4))
@quick
def test_touched_blocks_are_those_with_a_key_of_a_run(edges, block_q, block_k, memory):
    start, stop = np.array(edges).T
    tiling = Tiling(12, block_q, block_k, memory)
    mask = np.pad(shown(start, stop), ((0, 0), (memory, 0)))
    rows = slice(tiling.num_rows // 2, tiling.num_rows)
    queries = tiling.queries(rows)
    expected = [
        [mask[q : q + block_q, k : k + block_k].any() for k in range(0, 12 + memory, block_k)]
        for q in range(queries.start, 12, block_q)
    ]
    assert touched(tiling, rows, start[queries], stop[queries]).tolist() == expected


@given(st.lists(EDGES, max_size=12), st.integers(0, 11))
@quick
def test_gaps_are_what_no_band_shows(bands, first):
    queries = slice(first, 12)
    hidden = ~np.logical_or.reduce([shown(*zip(*edges, strict=True)) for edges in bands], initial=False)
    hidden = np.broadcast_to(hidden, (12, 12))[queries]
    values = tuple(Band(*np.array(edges).T) for edges in bands)
    found = [shown(start, stop) for start, stop in gaps(values, queries, 12)]
    assert np.array_equal(np.logical_or.reduce(found), hidden)
