import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Stride, Window
from nas.patterns.reach import reach
from nas.search.modelling.head_profile import head_profile
from nas.search.modelling.reach_by_layer import reach_by_layer
from tests.strategies import quick


def single(*unions, causal=True):
    return ModelPattern.of([(HeadGroup(1, union),) for union in unions], causal=causal)


def estimated(pattern, num_tokens):
    heads = [layer.head_patterns()[0] for layer in pattern.layers]
    profiles = np.stack([head_profile(head, num_tokens).passing for head in heads])
    return reach_by_layer(profiles[None], num_tokens, pattern.causal)[0]


@given(st.lists(st.sampled_from([Window(0), Window(3), Window(9), Stride(4), Stride(10)]), min_size=1, max_size=3))
@quick
def test_reach_is_exact_for_windows_and_strides(kinds):
    found = estimated(single(*((kind,) for kind in kinds)), 64)
    for depth in range(len(kinds)):
        exact = reach(single(*((kind,) for kind in kinds[: depth + 1])), 64).share
        assert found[depth] == pytest.approx(exact, abs=1e-5)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("num_tokens", [100, 128, 200, 500])
def test_reach_is_near_for_any_length(causal, num_tokens):
    windows = [(Window(width, 0 if causal else width // 2), Stride(8)) for width in (3, 20)]
    found = estimated(single(*windows, causal=causal), num_tokens)
    for depth in (1, 2):
        exact = reach(single(*windows[:depth], causal=causal), num_tokens).share
        assert found[depth - 1] == pytest.approx(exact, abs=0.05)
