"""Values that are far worse than the others."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nas.statistics.far_out import LEAST_VALUES, far_out

NEAR = [2.0, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6, 2.7]


def test_values_near_each_other_are_not():
    assert not far_out(NEAR, "minimize").any() and not far_out(NEAR, "maximize").any()


def test_a_value_three_interquartile_ranges_beyond_the_worse_quartile_is():
    low, high = np.quantile([*NEAR, 9.0], (0.25, 0.75))
    edge = high + 3 * (high - low)
    assert far_out([*NEAR, 9.0], "minimize").tolist() == [False] * 8 + [True]
    assert not far_out([*NEAR, edge - 0.01], "minimize").any()
    assert not far_out([*NEAR, 9.0], "maximize").any(), "a value that is far better is no reason to cut"
    assert far_out([*NEAR, -9.0], "maximize").tolist() == [False] * 8 + [True]


def test_few_or_equal_values_are_never():
    assert not far_out([*NEAR[: LEAST_VALUES - 2], 90.0], "minimize").any()
    assert not far_out([2.0] * 9 + [90.0], "minimize").any()


@given(st.lists(st.floats(-100, 100), min_size=LEAST_VALUES, max_size=30))
def test_both_directions_are_mirror_images_and_three_quarters_are_never(values):
    found = far_out(values, "minimize")
    assert (found == far_out([-value for value in values], "maximize")).all()
    assert found.sum() <= 0.25 * len(values)
