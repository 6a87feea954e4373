"""The picture of a front."""

from itertools import combinations
from math import hypot

import matplotlib.image
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from msgspec.structs import replace

from nas.errors import InputError
from nas.patterns.label import label
from nas.report.front_picture import draw_front
from nas.results.front import Front
from nas.results.objective import Objective
from tests.fronts import LONG_PATTERN, change_entries, make_point

LONGER = Objective(name="quality_2x", unit="bits per byte", direction="minimize")


def _size(path) -> tuple[int, int]:
    height, width, _ = matplotlib.image.imread(path).shape
    return width, height


def _weighed(front: Front, *objectives: Objective) -> Front:
    """The same front with other objectives; quality_2x is one more than quality."""

    def values(entry):
        known = entry.values | {"quality_2x": entry.values["quality"] + 1} if entry.values else {}
        return {"values": {one.name: known[one.name] for one in objectives} if known else {}}

    bare = replace(front, points=(), baselines=(), objectives=objectives)
    points = tuple(replace(point, **values(point)) for point in front.points)
    return replace(bare, points=points, baselines=tuple(replace(one, **values(one)) for one in front.baselines))


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Draws a front and gives the figure as it was saved."""

    def draw(front: Front) -> Figure:
        figures = []
        save = Figure.savefig

        def keep(figure, *args, **kwargs):
            figures.append(figure)
            save(figure, *args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(Figure, "savefig", keep)
            draw_front(front, tmp_path / "front.png")
        [figure] = figures
        return figure

    return draw


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text)]


def _panels(figure: Figure) -> list[Axes]:
    return figure.subfigs[0].axes


@pytest.mark.parametrize("num_costs", [1, 2])
@pytest.mark.parametrize("num_measured", [1, 2])
def test_a_row_a_measured_objective_and_a_panel_a_cost(front, drawn, num_measured, num_costs):
    quality, *costs = front.objectives
    figure = drawn(_weighed(front, *[quality, LONGER][:num_measured], *costs[:num_costs]))
    places = [panel.get_position() for panel in _panels(figure)]
    assert len({round(place.y0, 3) for place in places}) == num_measured
    assert len({round(place.x0, 3) for place in places}) == num_costs
    assert len(places) == num_measured * num_costs


@pytest.mark.parametrize("num_costs", [1, 2])
@pytest.mark.parametrize("num_measured", [1, 2])
def test_a_picture_is_never_taller_than_wide_and_its_axes_have_room_for_their_names(
    front, drawn, num_measured, num_costs
):
    quality, *costs = front.objectives
    figure = drawn(_weighed(front, *[quality, LONGER][:num_measured], *costs[:num_costs]))
    assert 1 <= figure.bbox.width / figure.bbox.height < 2
    for panel in _panels(figure):
        name, place = panel.yaxis.label.get_window_extent(), panel.get_window_extent()
        assert not name.width or (place.y0 <= name.y0 and name.y1 <= place.y1)


def test_measured_objectives_without_a_cost_are_drawn_against_each_other(front, tmp_path):
    draw_front(_weighed(front, front.objectives[0], LONGER), tmp_path / "front.png")
    assert _size(tmp_path / "front.png")[0] > 500


def test_a_place_that_cannot_be_written_is_named(front, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"file/front\.png: must be a file that can be written"):
        draw_front(front, tmp_path / "file" / "front.png")


def test_a_link_is_replaced_and_its_target_is_kept(front, tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "front.png").symlink_to(tmp_path / "mine")
    draw_front(front, tmp_path / "front.png")
    assert (tmp_path / "mine").read_text() == "mine"
    assert _size(tmp_path / "front.png")[0] > 500


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_the_older_picture(front, tmp_path):
    (tmp_path / "front.png").write_bytes(b"older")
    with pytest.raises(InputError, match=r"front\.png: must be .*, got 'No space left on device'\.$"):
        draw_front(front, tmp_path / "front.png")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"front.png": b"older"}


def _first_costs_a_millionth(front: Front) -> Front:
    first, *others = front.points
    return replace(
        front, points=(replace(first, ratio_to_full=first.ratio_to_full | {"attention_flops": 1e-6}), *others)
    )


def _named(front: Front, text: str) -> Front:
    return change_entries(front, lambda entry: {"baseline": entry.baseline and text + entry.baseline}, study=text)


CHANGES = {
    "empty": lambda front: replace(front, points=(), baselines=()),
    "one_point": lambda front: replace(front, points=front.points[:1]),
    "wide_range": _first_costs_a_millionth,
    "maximize": lambda front: replace(
        front, objectives=(Objective(name="quality", unit="bits", direction="maximize"), *front.objectives[1:])
    ),
    "formula": lambda front: _named(front, r"$\nonsense{$ \alpha$_"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_front_can_be_drawn(front, tmp_path, change):
    draw_front(CHANGES[change](front), tmp_path / "front.png")
    assert _size(tmp_path / "front.png")[0] > 500


def test_every_finished_baseline_is_in_the_picture(front, drawn):
    figure = drawn(front)
    [legend] = [legend for area in figure.subfigs for legend in area.legends]
    assert [text.get_text() for text in legend.get_texts()] == ["front", "full", "local_global"]


def test_every_point_has_its_label_below_the_panels(front, drawn):
    texts = _texts(drawn(front))
    of = {point.trial: label(point.pattern) for point in front.points}
    for line in (f" 9  {of[9]}", f"14  {of[14]}", f" 2  local_global  {of[2]}", f"26  {of[26]}"):
        assert texts.count(line) == 1, line


def _crowd(front: Front, num_points: int) -> Front:
    points = (
        make_point(100 + place, 2.3 - place / 200, 0.3 + place / 60, 0.3 + place / 60) for place in range(num_points)
    )
    return replace(front, points=tuple(points))


def test_more_labels_than_have_room_are_counted(front, drawn):
    crowd = _crowd(front, 13)
    texts = _texts(drawn(crowd))
    assert sum(text.endswith(label(crowd.points[0].pattern)) for text in texts) == 10
    assert texts.count("     and 3 more points, which nas show lists") == 1


def test_a_label_too_long_for_the_picture_is_cut_where_it_ends(front, drawn):
    point = make_point(7, pattern=LONG_PATTERN, pattern_id=LONG_PATTERN.id)
    figure = drawn(replace(front, points=(point,)))
    [text] = [text for text in figure.findobj(Text) if text.get_text().startswith("7  ")]
    assert f"7  {label(LONG_PATTERN)}".startswith(text.get_text().removesuffix("..."))
    assert text.get_text().endswith("...") and text.get_window_extent().x1 <= figure.bbox.x1


@pytest.mark.parametrize("num_points", [4, 25])
def test_every_point_has_its_number_and_no_number_covers_another(front, drawn, num_points):
    figure = drawn(_crowd(front, num_points))
    for panel in _panels(figure):
        numbers = [one for one in panel.get_children() if isinstance(one, Annotation)]
        assert sorted(int(one.get_text()) for one in numbers) == list(range(100, 100 + num_points))
        boxes = [one.get_window_extent() for one in numbers]
        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
        for number in numbers:
            assert hypot(*number.get_position()) <= 30, "close to its point, in points"


def test_points_that_are_far_worse_stand_at_the_edge_with_their_values(front, drawn):
    near = [make_point(number, 2.0 + number / 100, 0.9 - number / 20) for number in range(2, 10)]
    figure = drawn(replace(front, points=(*near, make_point(10, 7.25, 0.01)), baselines=()))
    assert "10 (7.25)" in _texts(figure) and "far worse, at the edge" in _texts(figure)
    for panel in _panels(figure):
        assert panel.get_ylim()[1] < 2.2
