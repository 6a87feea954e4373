"""Lines and whiskers of a chart as SVG paths."""

from nas.report.page.axis import Axis
from nas.report.page.chart import Chart, Line, Mark, path_of

AXIS = Axis(title="", low=0, high=10)
CHART = Chart(title="", description="", x=AXIS, y=AXIS)


def test_a_line_goes_through_its_points_with_the_y_axis_downwards():
    assert CHART.path(Line(points=((0, 0), (5, 10)))) == "M0 100L50 0"


def test_a_step_keeps_its_value_until_the_next_one():
    assert CHART.path(Line(points=((0, 0), (5, 10)), stepped=True)) == "M0 100H50L50 0"


def test_whiskers_reach_as_far_as_the_spread():
    assert CHART.whiskers(Mark(x=5, y=5, x_spread=1, y_spread=2)) == "M40 50L60 50 M50 70L50 30"
    assert CHART.whiskers(Mark(x=5, y=5)) == ""


def test_what_lies_far_outside_is_cut():
    assert path_of([(-1e300, 0), (1e300, 0)]) == "M-200 100L300 100"
