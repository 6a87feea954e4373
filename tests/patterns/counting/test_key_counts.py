import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.counting.key_counts import KeyCounts
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Window
from tests.strategies import head_cases, quick


@given(head_cases(), st.data())
@quick
def test_keys_below_an_edge_are_those_of_the_mask(case, data):
    head, num_tokens = case
    mask, counts = head.mask(num_tokens), KeyCounts(head, num_tokens)
    first = data.draw(st.integers(0, num_tokens - 1))
    rows = slice(first, data.draw(st.integers(first + 1, num_tokens)))
    stop = data.draw(st.integers(0, num_tokens))
    assert counts.below(rows, stop).tolist() == mask[rows, :stop].sum(axis=1).tolist()
    stops = data.draw(st.lists(st.integers(0, num_tokens), min_size=rows.stop - first, max_size=rows.stop - first))
    expected = [int(row[:stop].sum()) for row, stop in zip(mask[rows], stops, strict=True)]
    assert counts.below(rows, np.array(stops)).tolist() == expected


@given(st.lists(st.integers(2, 40), min_size=9, max_size=12, unique=True), st.booleans(), st.integers(0, 50))
@quick
def test_many_bands_are_counted_as_few_are(widths, causal, stop):
    """More of them than are sorted one by one."""
    blocks = (Block(width, shift=width // 3) for width in widths)
    head, num_tokens = HeadPattern((Window(1), *blocks), causal=causal), 50
    expected = head.mask(num_tokens)[:, :stop].sum(axis=1).tolist()
    assert KeyCounts(head, num_tokens).below(slice(0, num_tokens), stop).tolist() == expected
