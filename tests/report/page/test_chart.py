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


def test_a_number_stands_where_it_covers_no_other_mark():
    near, far, above = Mark(x=5.5, y=5.5), Mark(x=6, y=5), Mark(x=5.5, y=6.5)
    mark = Mark(x=5, y=5, text="1")
    for others, has_room in [((), True), ((near,), False), ((far, above), True), ((Mark(x=5, y=5),), False)]:
        chart = Chart(title="", description="", x=AXIS, y=AXIS, marks=(*others, mark))
        assert chart.has_room(mark) is has_room
    assert Chart(title="", description="", x=AXIS, y=AXIS, marks=(mark, near)).has_room(near), "on its left is room"
