"""The picture of a front, and the line in it."""

from itertools import product

import matplotlib.image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from nas.errors import InputError
from nas.report.front_picture import draw_front
from nas.report.staircase import staircase

SIGN = {"minimize": 1, "maximize": -1}


def _size(path) -> tuple[int, int]:
    height, width, _ = matplotlib.image.imread(path).shape
    return width, height


def test_a_panel_a_cost(front, tmp_path):
    draw_front(front, tmp_path / "two.png")
    front["objectives"] = front["objectives"][1:]  # quality not weighed: FLOPs take its place
    draw_front(front, tmp_path / "one.png")
    (wide, high), (narrow, same) = _size(tmp_path / "two.png"), _size(tmp_path / "one.png")
    assert wide > 1.5 * narrow and high == same


def test_a_row_a_measured_objective(front, tmp_path):
    draw_front(front, tmp_path / "one.png")
    front["objectives"].insert(1, {"name": "quality_2x", "unit": "bits per byte", "direction": "minimize"})
    for entry in [*front["points"], *front["baselines"]]:
        entry["values"] |= {"quality_2x": entry["values"]["quality"] + 1} if entry["values"] else {}
    draw_front(front, tmp_path / "two.png")
    (wide, low), (same, high) = _size(tmp_path / "one.png"), _size(tmp_path / "two.png")
    assert same == wide and high > 1.5 * low


def test_measured_objectives_without_a_cost_are_drawn_against_each_other(front, tmp_path):
    front["objectives"] = [front["objectives"][0], {"name": "quality_2x", "unit": "bits", "direction": "minimize"}]
    for entry in [*front["points"], *front["baselines"]]:
        entry["values"] |= {"quality_2x": entry["values"]["quality"] + 1} if entry["values"] else {}
    draw_front(front, tmp_path / "front.png")
    assert _size(tmp_path / "front.png")[0] > 500


def test_a_place_that_cannot_be_written_is_named(front, tmp_path):
    with pytest.raises(InputError, match=r"nowhere/front\.png: must be a file that can be written"):
        draw_front(front, tmp_path / "nowhere" / "front.png")


@pytest.mark.parametrize("change", ["empty", "no_ratio", "one_point", "wide_range", "maximize", "formula"])
def test_every_front_can_be_drawn(front, tmp_path, change):
    if change == "empty":
        front["points"], front["baselines"] = [], []
    if change == "no_ratio":
        for entry in [*front["points"], *front["baselines"]]:
            del entry["ratio_to_full"]
    if change == "one_point":
        front["points"] = front["points"][:1]
    if change == "wide_range":
        front["points"][0]["ratio_to_full"]["attention_flops"] = 1e-6
    if change == "maximize":
        front["objectives"][0]["direction"] = "maximize"
    if change == "formula":
        front["study"] = r"$\nonsense{$ \alpha$_"
    draw_front(front, tmp_path / "front.png")
    assert _size(tmp_path / "front.png")[0] > 500


def test_every_finished_baseline_is_in_the_picture(front, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(Figure, "legend", lambda figure, handles, labels, **_: seen.extend(labels))
    draw_front(front, tmp_path / "front.png")
    assert set(seen) == {"front", "full", "local_global"}


numbers = st.integers(0, 6).map(float)
directions = st.sampled_from(sorted(SIGN))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=12), directions, directions)
def test_the_line_joins_what_nothing_beats(points, x_direction, y_direction):
    def beats(one, other):
        better = [SIGN[d] * a <= SIGN[d] * b for d, a, b in zip((x_direction, y_direction), one, other, strict=True)]
        return all(better) and one != other

    unbeaten = {point for point in points if not any(beats(other, point) for other in points)}
    assert staircase(points, x_direction, y_direction) == sorted(unbeaten)


@pytest.mark.parametrize(("x_direction", "y_direction"), list(product(SIGN, SIGN)))
def test_the_best_of_both_is_a_line_of_one_point(x_direction, y_direction):
    best = (SIGN[x_direction] * -5.0, SIGN[y_direction] * -5.0)
    assert staircase([(0.0, 0.0), best, (1.0, 2.0)], x_direction, y_direction) == [best]
