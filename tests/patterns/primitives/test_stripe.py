import pytest

from nas.patterns.primitives import Stripe, Window
from tests.patterns.primitives.drawn import drawn_on_grid, error


def test_a_stripe_of_rows_runs_along_the_whole_grid():
    assert drawn_on_grid(Stripe("row", 2), (5, 4), row=2, column=1) == ["....", "....", "####", "####", "...."]


def test_a_stripe_of_columns_runs_down_the_whole_grid():
    assert drawn_on_grid(Stripe("column", 2), (3, 5), row=1, column=3) == ["..##.", "..##.", "..##."]


def test_the_last_stripe_may_be_narrower():
    assert drawn_on_grid(Stripe("row", 2), (5, 4), row=4, column=0) == ["....", "....", "....", "....", "####"]
    assert drawn_on_grid(Stripe("column", 3), (2, 4), row=0, column=3) == ["...#", "...#"]


def test_a_stripe_as_wide_as_the_grid_shows_all_of_it():
    for axis in ("row", "column"):
        assert drawn_on_grid(Stripe(axis, 4), (3, 4), row=1, column=1) == ["####"] * 3


def test_horizontal_and_vertical_stripes_together_are_a_cross():
    """Dong et al. 2022 (CSWin), figure 1: the two halves of the heads see the two arms of a cross."""
    rows, columns = (drawn_on_grid(Stripe(axis, 1), (3, 5), row=1, column=2) for axis in ("row", "column"))
    assert rows == [".....", "#####", "....."] and columns == ["..#..", "..#..", "..#.."]


def test_it_covers_itself_and_the_query_alone():
    assert Stripe("row", 2).covers(Window(0), causal=True)
    assert not Stripe("row", 2).covers(Stripe("row", 1), causal=True), "true here; it says no to be safe"
    assert not Stripe("row", 2).covers(Stripe("column", 2), causal=True)


def test_its_label_names_the_axis():
    assert [Stripe("row", 7).label(True), Stripe("column", 7).label(True)] == ["rows7", "cols7"]


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Stripe("diagonal", 1), "axis: must be row or column, got 'diagonal'."),
        (lambda: Stripe("row", 0), "width: must be 1 or more, got 0."),
        (
            lambda: Stripe("row", 1).needs(causal=True, grid=None),
            "must be in a pattern with a grid, because stripe is two-dimensional, got None. "
            'Give the pattern "grid": [rows, columns].',
        ),
    ],
)
def test_its_limits(make, line):
    assert error(make).removeprefix(": ") == line
