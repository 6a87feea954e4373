"""Probabilities of being on a front against the front of every draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.statistics.front_probability import front_probabilities
from nas.statistics.pareto import nondominated
from tests.strategies import quick


@quick
@given(st.integers(1, 9), st.integers(0, 3), st.integers(1, 3), st.integers(0, 999))
def test_a_probability_is_the_share_of_fronts_that_an_item_is_on(items: int, costs: int, qualities: int, seed: int):
    """Small integers, so that there are ties."""
    draw = np.random.default_rng(seed)
    exact = draw.integers(0, 3, size=(items, costs)).astype(float)
    drawn = draw.integers(0, 3, size=(9, items, qualities)).astype(float)
    fronts = [nondominated([(*cost, *own) for cost, own in zip(exact, one, strict=True)]) for one in drawn]
    expected = [sum(item in front for front in fronts) / 9 for item in range(items)]
    assert front_probabilities(exact, drawn) == pytest.approx(expected)
