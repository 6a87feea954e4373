"""Domination and hypervolume against definitions that count every cell."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.statistics.pareto import dominates, hypervolume, nondominated

SIDE = 6


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


def test_equal_points_do_not_dominate_each_other() -> None:
    assert nondominated([(1.0, 2.0), (1.0, 2.0), (2.0, 2.0)]) == [0, 1]


def test_a_point_on_the_reference_adds_nothing() -> None:
    assert hypervolume([(1.0, 3.0)], (2.0, 3.0)) == 0.0
