import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.blocks import search
from nas.patterns.blocks.search import holds_no_hidden_pair
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Full, Stride, Window
from tests.strategies import head_cases, quick


@given(head_cases(st.integers(1, 40)), st.integers(1, 9), st.integers(1, 9))
@quick
def test_it_looks_at_every_pair(case, block_q, block_k):
    head, num_tokens = case
    tiling, mask = Tiling(num_tokens, block_q, block_k), head.mask(num_tokens)
    row, column = (place.ravel() for place in np.indices((tiling.num_rows, tiling.num_columns)))
    expected = [
        mask[q * block_q : (q + 1) * block_q, k * block_k : (k + 1) * block_k].all()
        for q, k in zip(row, column, strict=True)
    ]
    assert holds_no_hidden_pair(head, tiling, row, column).tolist() == expected


def test_rows_of_the_memory_are_seen_as_far_as_the_head_says():
    head, tiling = HeadPattern((Full(),), memory_tokens=3), Tiling(8, 4, 4, memory_rows=8)
    assert holds_no_hidden_pair(head, tiling, np.array([1, 1]), np.array([1, 2])).tolist() == [False, True]
    assert holds_no_hidden_pair(head, Tiling(8, 4, 3, 6), np.array([1, 1]), np.array([0, 1])).tolist() == [False, True]


def test_a_block_with_many_hidden_pairs_is_soon_dropped(monkeypatch):
    looked = []
    look = search._all_visible

    def count(head, tiling, row, column, place):
        looked.append(len(place))
        return look(head, tiling, row, column, place)

    monkeypatch.setattr(search, "_all_visible", count)
    head, tiling = HeadPattern((Window(3), Stride(64), Block(2))), Tiling(1024)
    row, column = np.nonzero(np.tri(8, k=-1))
    assert not holds_no_hidden_pair(head, tiling, row, column).any()
    assert sum(looked) < 16


@pytest.mark.parametrize("area", [1, 2, 3, 4, 12, 128 * 128])
def test_steps_reach_every_place(area):
    step = search._coprime(area)
    assert len({step * number % area for number in range(area)}) == area
