"""Domination, hypervolume and the line of a front against definitions that count every cell and every pair."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.statistics.pareto import (
    XY,
    competing,
    dominates,
    fronts,
    growing_hypervolume,
    hypervolume,
    nondominated,
    staircase,
)
from nas.statistics.ranks import Direction

SIDE = 6
SIGN: dict[Direction, int] = {"minimize": 1, "maximize": -1}


def points(num_objectives: int) -> st.SearchStrategy[list[tuple[float, ...]]]:
    value = st.integers(0, SIDE).map(float)
    return st.lists(st.tuples(*[value] * num_objectives), max_size=8)


@pytest.mark.parametrize("num_objectives", [1, 2, 3, 4])
@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.data())
def test_hypervolume_counts_the_unit_cells_that_some_point_dominates(num_objectives: int, data: st.DataObject) -> None:
    chosen = data.draw(points(num_objectives))
    cells = product(range(SIDE), repeat=num_objectives)
    covered = sum(any(all(p <= c for p, c in zip(point, cell, strict=True)) for point in chosen) for cell in cells)
    assert hypervolume(chosen, (float(SIDE),) * num_objectives) == covered


@settings(max_examples=60, deadline=None, derandomize=True)
@given(chosen=points(3))
def test_what_is_dropped_is_dominated_by_something_kept(chosen: list[tuple[float, ...]]) -> None:
    kept = nondominated(chosen)
    for index, point in enumerate(chosen):
        beaten = any(dominates(chosen[other], point) for other in kept)
        assert beaten == (index not in kept)


@pytest.mark.parametrize("num_objectives", [1, 2, 3, 4])
@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_growing_hypervolume_is_that_of_the_points_so_far(num_objectives: int, data: st.DataObject) -> None:
    chosen = data.draw(points(num_objectives))
    reference = (4.0,) * num_objectives
    whole = hypervolume(chosen, reference)
    shares = [hypervolume(chosen[: end + 1], reference) / whole if whole else 0.0 for end in range(len(chosen))]
    assert growing_hypervolume(chosen, reference) == pytest.approx(shares)


def test_points_compete_unless_they_are_worse_than_every_baseline_in_what_is_measured() -> None:
    found = [(1.0, 9.0), (2.0, 5.0), (3.0, 1.0), (4.0, 0.0)]
    assert competing(found, [(2.0, 6.0), (3.0, 7.0)], [True, False]) == [0, 1, 2]
    assert competing(found, [(2.0, 6.0)], [True, True]) == [1]
    assert competing(found, [], [True, True]) == [0, 1, 2, 3]
    assert competing(found, [(0.5, 0.0)], [True, False]) == [0, 1, 2, 3], "none would be left"
    assert competing([], [(2.0, 6.0)], [True, True]) == []


def test_equal_points_do_not_dominate_each_other() -> None:
    assert nondominated([(1.0, 2.0), (1.0, 2.0), (2.0, 2.0)]) == [0, 1]


def test_a_point_on_the_reference_adds_nothing() -> None:
    assert hypervolume([(1.0, 3.0)], (2.0, 3.0)) == 0.0


numbers = st.integers(0, 6).map(float)
directions = st.sampled_from(sorted(SIGN))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=12), directions, directions)
def test_the_line_joins_what_nothing_beats(points: list[XY], x_direction: Direction, y_direction: Direction) -> None:
    def beats(one: XY, other: XY) -> bool:
        better = [SIGN[d] * a <= SIGN[d] * b for d, a, b in zip((x_direction, y_direction), one, other, strict=True)]
        return all(better) and one != other

    unbeaten = {point for point in points if not any(beats(other, point) for other in points)}
    assert staircase(points, x_direction, y_direction) == sorted(unbeaten)


@pytest.mark.parametrize(("x_direction", "y_direction"), list(product(SIGN, SIGN)))
def test_the_best_of_both_is_a_line_of_one_point(x_direction: Direction, y_direction: Direction) -> None:
    best = (SIGN[x_direction] * -5.0, SIGN[y_direction] * -5.0)
    assert staircase([(0.0, 0.0), best, (1.0, 2.0)], x_direction, y_direction) == [best]


@pytest.mark.parametrize("num_objectives", [1, 2, 3, 4])
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_fronts_are_peeled_one_by_one(num_objectives: int, data: st.DataObject) -> None:
    chosen = data.draw(points(num_objectives))
    expected, left, level = [0] * len(chosen), set(range(len(chosen))), 0
    while left:
        here = {i for i in left if not any(dominates(chosen[j], chosen[i]) for j in left)}
        for index in here:
            expected[index] = level
        left, level = left - here, level + 1
    assert fronts(chosen) == expected
    assert fronts(chosen, 2) == [min(level, 2) for level in expected]
