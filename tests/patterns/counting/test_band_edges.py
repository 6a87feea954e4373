from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.counting.band_edges import sorted_edges
from nas.patterns.primitives.support import Band
from tests.strategies import quick

EDGES = st.tuples(*[st.tuples(st.integers(0, 9), st.integers(0, 9))] * 4)


@given(st.lists(EDGES, max_size=12), st.integers(0, 3))
@quick
def test_edges_keep_how_many_bands_contain_each_key(bands, first):
    values = tuple(Band(*np.array(edges).T) for edges in bands)
    starts, stops = sorted_edges(values, slice(first, 4))
    assert all((low <= high).all() for edges in (starts, stops) for low, high in pairwise(edges))
    for key in range(10):
        covering = sum(((band.start <= key) & (key < band.stop))[first:].astype(int) for band in values)
        counted = sum((start <= key).astype(int) - (stop <= key) for start, stop in zip(starts, stops, strict=True))
        assert np.array_equal(counted, covering)
