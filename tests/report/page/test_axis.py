"""Axes: every value has its place, and ticks are round and few."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.report.page.axis import MOST_TICKS, Axis

VALUES = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=5)


@given(VALUES, st.booleans())
def test_every_value_lies_on_the_axis_in_its_order(values, may_be_log):
    axis = Axis.over(values, "x", may_be_log=may_be_log)
    places = [axis.place(value) for value in sorted(values)]
    assert all(0 <= place <= 1 for place in places) and places == sorted(places)


@given(VALUES, st.booleans())
def test_ticks_are_few_and_on_the_axis(values, may_be_log):
    ticks = Axis.over(values, "x", may_be_log=may_be_log).ticks
    assert 1 <= len(ticks) <= MOST_TICKS
    assert all(-1e-9 <= tick.place <= 1 + 1e-9 for tick in ticks)


def test_what_is_never_negative_starts_at_none():
    assert Axis.over([0.1, 1.0], "x").low > 0 and Axis.over([0.01, 1.0], "x").low == 0


def test_costs_far_apart_are_logarithmic():
    axis = Axis.over([0.01, 1.0], "x", may_be_log=True, suffix="x")
    assert axis.is_log and axis.place(0.1) == pytest.approx(0.5)
    assert [tick.text for tick in axis.ticks] == ["0.01x", "0.03x", "0.1x", "0.3x", "1x"]
    assert not Axis.over([0.5, 1.0], "x", may_be_log=True).is_log
    assert not Axis.over([0.0, 1.0], "x", may_be_log=True).is_log


def test_counts_have_whole_ticks():
    assert all("." not in tick.text for tick in Axis.over([0, 3], "trials", whole=True).ticks)
