"""Fronts side by side: one reference, an honest refusal, and the settings that differ."""

from io import StringIO

import pytest
from msgspec.structs import replace
from rich.console import Console

from nas.errors import InputError
from nas.report.studies.compare_table import compare_parts
from nas.report.studies.side_by_side import side_by_side
from tests.fronts import LONG_PATTERN, make_baseline, make_front, make_point, make_provenance

SETTINGS = {"seed": 0, "sampler": "ehvi", "task": {"name": "text"}, "training": {"num_steps": 400, "num_rungs": 3}}


def make(*points, **changes):
    """A front whose points are worth exactly their values."""
    return make_front(points=tuple(replace(point, estimates={}) for point in points), **({"baselines": ()} | changes))


def test_hypervolumes_share_one_reference():
    good = make(make_point(1, 2.0, 0.2, 0.2), make_point(2, 1.9, 0.5, 0.5))
    part = make(make_point(7, 2.0, 0.2, 0.2), make_point(8, 2.5, 0.9, 0.9))
    found = side_by_side({"a": good, "b": part}, [SETTINGS, SETTINGS | {"seed": 1}])
    whole, lesser = found.sides
    assert whole.volume == pytest.approx(1) and 0 < lesser.volume < 1 and not found.obstacle
    assert whole.on_joint == {1, 2} and lesser.on_joint == {7}, "a point that both have is on the front of both"
    assert [(side.name, point.trial) for side, point in found.rows] == [("a", 2), ("a", 1), ("b", 7)]
    assert found.reference["quality"] == pytest.approx(2.0 + 0.1 * 0.1)
    assert [(one.key, one.values) for one in found.differences] == [("seed", ("0", "1"))]


def test_baselines_bound_the_hypervolumes():
    good = make(make_point(1, 2.0, 0.2, 0.2), make_point(2, 1.9, 0.5, 0.5), make_point(3, 7.0, 0.1, 0.1))
    part = make(make_point(7, 2.0, 0.2, 0.2))
    without, there = (
        side_by_side({"a": replace(good, baselines=some), "b": replace(part, baselines=())}, [SETTINGS, SETTINGS])
        for some in ((), (replace(make_baseline(0, 2.1, 1.0, 1.0), estimates={}),))
    )
    assert without.reference["quality"] > 7.0
    assert there.reference["quality"] == pytest.approx(2.1 + 0.1 * 0.2)
    assert there.sides[1].volume < without.sides[1].volume


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"task": {"name": "recall"}}, "task.name"), ({"training": {"num_steps": 800, "num_rungs": 3}}, "num_steps")],
)
def test_values_of_other_things_do_not_compare(changes, word):
    found = side_by_side({"a": make(make_point(1)), "b": make(make_point(2))}, [SETTINGS, SETTINGS | changes])
    assert word in found.obstacle and "do not compare" in found.obstacle
    assert [side.volume for side in found.sides] == [None, None] and found.reference == {}
    assert [side.name for side, _ in found.rows] == ["a", "b"]


def test_rungs_change_no_value():
    rungs = SETTINGS | {"training": {"num_steps": 400, "num_rungs": 1}}
    assert not side_by_side({"a": make(make_point(1)), "b": make(make_point(2))}, [SETTINGS, rungs]).obstacle


def test_other_data_under_the_same_settings_do_not_compare():
    other = make(make_point(2), provenance=make_provenance(task_fingerprint="cd" * 32))
    assert "data" in side_by_side({"a": make(make_point(1)), "b": other}, [SETTINGS, SETTINGS]).obstacle


def test_other_objectives_are_refused():
    two = make_front(points=(), baselines=(), objectives=make_front().objectives[:2])
    with pytest.raises(InputError, match=r"^objectives: must be the same in all studies, quality .* in b"):
        side_by_side({"a": make(make_point(1)), "b": two}, [SETTINGS, SETTINGS])


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("other", [SETTINGS, SETTINGS | {"task": {"name": "x" * 500}}])
def test_everything_is_said_within_the_width(width, other):
    long = make_point(3, 1.5, pattern=LONG_PATTERN, pattern_id=LONG_PATTERN.id)
    found = side_by_side({"a": make(make_point(1)), "b": make(long)}, [SETTINGS, other])
    console = Console(file=(out := StringIO()), width=width)
    for part in compare_parts(found, width):
        console.print(part)
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width and "hypervolume" in text and "quality" in text


def test_empty_fronts_compare():
    empty = make_front(points=(), baselines=())
    found = side_by_side({"a": empty, "b": empty}, [SETTINGS, SETTINGS])
    assert [side.volume for side in found.sides] == [None, None]
