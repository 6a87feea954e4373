"""The chart of a front: who is drawn where, and which lines join them."""

import pytest
from msgspec.structs import replace

from nas.report.page.front_plot import front_plot
from nas.results.objective import Objective
from tests.fronts import FLOPS, KV_CACHE, make_baseline, make_front, make_point
from tests.records import make_record, trained_trial


def _front(**changes):
    points = (make_point(1, 2.1, 0.8, 0.3), make_point(2, 2.3, 0.2, 0.4))
    return make_front(points=points, baselines=(make_baseline(0, 2.4),), **changes)


def _places(plot):
    return {point.trial: point.places for point in plot.points}


def test_better_and_cheaper_lie_lower_and_further_left():
    plot = front_plot(make_record(_front()))
    quality, flops, cache = zip(*(_places(plot)[trial] for trial in (1, 2, 0)), strict=True)
    assert quality[0] < quality[1] < quality[2]
    assert flops[1] < flops[0] < flops[2] and cache[0] < cache[1] < cache[2]
    assert (plot.x, plot.y) == (1, 0)
    assert [axis.title for axis in plot.axes][1] == "attention FLOPs (share of full attention's)"


def test_every_pair_of_objectives_has_its_lines():
    plot = front_plot(make_record(_front()))
    assert {(layer.x, layer.y) for layer in plot.layers} == {(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)}
    assert all(layer.staircase.startswith("M") for layer in plot.layers)


def test_whiskers_stand_on_the_axis_that_is_uncertain():
    layers = {(layer.x, layer.y): layer for layer in front_plot(make_record(_front())).layers}
    assert layers[1, 0].whiskers and layers[0, 1].whiskers and not layers[1, 2].whiskers


def test_only_points_that_noise_leaves_open_are_joined():
    apart = front_plot(make_record(_front()))
    assert not any(layer.joins for layer in apart.layers)
    near = make_front(points=(make_point(1, 2.1, 0.8), make_point(2, 2.102, 0.2)))
    assert all(layer.joins for layer in front_plot(make_record(near)).layers)


def test_trials_off_the_front_are_drawn_as_measured_unless_they_lie_far_out():
    trials = [trained_trial(7, 2.6, 2.5, 2.35, flops=0.5), trained_trial(8, 9.0, 9.0, 9.0), trained_trial(9, 2.6)]
    plot = front_plot(make_record(_front(), trials))
    assert [point.trial for point in plot.points if point.kind == "trial"] == [7]
    assert plot.num_outside == 1, "9 has no score at the last rung"


def test_what_is_far_worse_than_the_others_stands_at_the_edge():
    points = (*(make_point(n, 2.3 - n / 100, 0.1 + n / 50) for n in range(1, 9)), make_point(9, 9.0, 0.01))
    plot = front_plot(make_record(make_front(points=points), ()))
    assert plot.num_at_edge == 1 and _places(plot)[9][0] == 1.0
    assert plot.axes[0].high < 3, "the others have the axis to themselves"
    assert front_plot(make_record(_front())).num_at_edge == 0


def test_a_front_of_many_points_has_no_room_for_numbers():
    points = tuple(make_point(n, 2.3 - n / 100, 0.1 + n / 50) for n in range(1, 40))
    assert front_plot(make_record(make_front(points=points))).is_dense
    assert not front_plot(make_record(_front())).is_dense


@pytest.mark.parametrize(
    "objectives", [(FLOPS, KV_CACHE), (Objective(name="quality", unit="x", direction="maximize"), FLOPS)]
)
def test_any_objectives_make_a_chart(objectives):
    names = [one.name for one in objectives]
    bare = replace(_front(), points=(), baselines=(), objectives=objectives)
    points = (replace(one, values={name: one.values[name] for name in names}) for one in _front().points)
    front = replace(bare, points=tuple(points))
    plot = front_plot(make_record(front, ()))
    assert len(plot.points) == 2 and len(plot.layers) == 2
