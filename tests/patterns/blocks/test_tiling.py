import numpy as np
import pytest

from nas.errors import PatternError
from nas.patterns.blocks.tiling import Tiling


def test_the_last_blocks_are_shorter():
    tiling = Tiling(10, 4, 3, memory_rows=2)
    assert (tiling.num_rows, tiling.num_columns) == (3, 4)
    assert tiling.queries(slice(1, 3)) == slice(4, 10)
    first, stop = tiling.query_edges(slice(1, 3))
    assert (first.tolist(), stop.tolist()) == ([[4], [8]], [[8], [10]])


def test_keys_begin_with_the_memory():
    first, stop = Tiling(10, 4, 3, memory_rows=4).key_edges()
    assert (first.tolist(), stop.tolist()) == ([-4, -1, 2, 5, 8], [-1, 2, 5, 8, 10])
    first, stop = Tiling(10, 4, 3, memory_rows=4).own_key_edges()
    assert np.maximum(stop - first, 0).tolist() == [0, 2, 3, 3, 2]


@pytest.mark.parametrize("sizes", [(0, 1, 1, 0), (1, 0, 1, 0), (1, 1, 0, 0), (1, 1, 1, -1)])
def test_sizes_are_checked(sizes):
    with pytest.raises(PatternError, match=r"must be [01] or more"):
        Tiling(*sizes)
