import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Stride, Window
from nas.patterns.reach import connections, reach
from tests.strategies import pattern_cases, quick


def search(pattern, num_tokens):
    """Plain graph search: from every token, the positions its information can be at after each layer."""
    found = np.zeros((num_tokens, num_tokens), dtype=bool)
    for token in range(num_tokens):
        places = {token}
        for layer in pattern.layers:
            heads = layer.head_patterns()
            places |= {
                query
                for query in range(num_tokens)
                if any(head.outline().allows(query, key, num_tokens) for head in heads for key in places)
            }
        found[list(places), token] = True
    return found


@given(pattern_cases(st.integers(1, 10), computing=True))
@quick
def test_connections_equal_graph_search(case):
    pattern, num_tokens = case
    assert (connections(pattern, num_tokens) == search(pattern, num_tokens)).all()


@given(pattern_cases(st.integers(1, 10), computing=True))
@quick
def test_shares_are_means_over_connections(case):
    pattern, num_tokens = case
    found = search(pattern, num_tokens)
    pairs = [(i, j) for i in range(num_tokens) for j in range(num_tokens) if j <= i or not pattern.causal]
    result = reach(pattern, num_tokens)
    assert result.share == pytest.approx(np.mean([found[pair] for pair in pairs]))
    for distance, share in enumerate(result.share_by_distance):
        assert share == pytest.approx(np.mean([found[i, j] for i, j in pairs if abs(i - j) == distance]))


def stack(*unions):
    return ModelPattern.of([(HeadGroup(1, union),) for union in unions])


def test_windows_add_up_over_layers():
    shares = reach(stack((Window(10),), (Window(5),)), 64).share_by_distance
    assert (shares[:16] == 1).all() and (shares[16:] == 0).all()


def test_a_window_and_a_stride_reach_everything_together_but_not_apart():
    assert reach(stack((Window(7),), (Stride(8),)), 64).share == 1
    assert reach(stack((Window(7),), (Window(7),)), 64).share < 0.5
    assert reach(stack((Stride(8),), (Stride(8),)), 64).share < 0.2
    assert reach(stack((Full(),)), 64).share == 1
