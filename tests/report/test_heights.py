"""Where entries stand on the vertical axis of a front's picture."""

import pytest
from matplotlib.figure import Figure
from msgspec.structs import replace

from nas.report.heights import EDGE, Heights
from nas.results.front import Estimate
from nas.results.objective import Objective
from tests.fronts import make_point

QUALITY = Objective(name="quality", unit="bits per byte", direction="minimize")
NEAR = [make_point(number, 2.0 + number / 10, 0.5) for number in range(8)]
FAR = make_point(8, 9.0, 0.1)


def test_entries_near_each_other_stand_at_their_values():
    heights = Heights.among(NEAR, QUALITY)
    assert [heights.of(point) for point in NEAR] == [point.worth("quality") for point in NEAR]
    assert heights.edge is None and heights.name(NEAR[3]) == "3"


def test_what_is_far_worse_stands_at_the_edge_with_its_value():
    heights = Heights.among([*NEAR, FAR], QUALITY)
    best, *_, worst = (point.worth("quality") for point in NEAR)
    assert heights.of(FAR) == heights.edge == pytest.approx(worst + EDGE * (worst - best))
    assert heights.name(FAR) == "8 (9)" and heights.uncertainty(FAR) == 0
    assert heights.of(NEAR[7]) == worst


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_axis_ends_at_the_edge_on_the_worse_side(direction):
    sign = 1 if direction == "minimize" else -1
    goal = Objective(name="quality", unit="x", direction=direction)
    points = [
        make_point(number, sign * value, 0.5) for number, value in enumerate([*(2 + i / 10 for i in range(8)), 9])
    ]
    panel = Figure().add_subplot()
    heights = Heights.among(points, goal)
    heights.cut(panel)
    low, high = panel.get_ylim()
    assert (high if sign > 0 else low) == heights.edge
    assert low < min(map(heights.of, points[:8])) and high > max(map(heights.of, points[:8]))


def test_without_any_the_axis_stays_as_it_is():
    panel = Figure().add_subplot()
    before = panel.get_ylim()
    Heights.among(NEAR, QUALITY).cut(panel)
    assert panel.get_ylim() == before


def test_an_estimate_is_what_counts():
    """A point is drawn at its estimate, so that decides what is far worse."""
    lucky = replace(FAR, estimates={"quality": Estimate(mean=2.5, standard_deviation=0.01)})
    heights = Heights.among([*NEAR, lucky], QUALITY)
    assert heights.edge is None and heights.uncertainty(lucky) == 0.01
