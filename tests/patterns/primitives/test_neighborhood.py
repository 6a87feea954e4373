import pytest

from nas.patterns.primitives import Neighborhood, Window
from tests.patterns.primitives.drawn import drawn_on_grid, error


def test_the_query_stands_in_the_middle():
    assert drawn_on_grid(Neighborhood(3, 5), (5, 7), row=2, column=3) == [
        ".......",
        ".#####.",
        ".#####.",
        ".#####.",
        ".......",
    ]


def test_the_rectangle_is_cut_at_an_edge_and_not_moved_inwards():
    """Unlike NATTEN's own kernel (Hassani et al. 2023, section 3.1)."""
    assert drawn_on_grid(Neighborhood(3, 3), (4, 4), row=0, column=0) == ["##..", "##..", "....", "...."]
    assert drawn_on_grid(Neighborhood(3, 3), (4, 4), row=3, column=2) == ["....", "....", ".###", ".###"]


def test_it_does_not_wrap_around_to_the_next_row():
    assert drawn_on_grid(Neighborhood(1, 3), (2, 3), row=0, column=2) == [".##", "..."]


def test_one_place_is_a_window_of_the_query_itself():
    assert Neighborhood(1, 1).simplified(causal=True) == Window(0)
    assert Neighborhood(1, 3).simplified(causal=True) == Neighborhood(1, 3)


def test_a_larger_rectangle_covers_a_smaller_one():
    assert Neighborhood(5, 3).covers(Neighborhood(3, 3), causal=True)
    assert not Neighborhood(5, 3).covers(Neighborhood(3, 5), causal=True)
    assert Neighborhood(3, 3).covers(Window(0), causal=True)
    assert not Neighborhood(3, 3).covers(Window(1), causal=True), "the key before may be in the row above"


def test_its_label():
    assert Neighborhood(7, 5).label(causal=False) == "n7x5"


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Neighborhood(2, 3), "height: must be odd, with the query in the middle, got 2."),
        (lambda: Neighborhood(3, 4), "width: must be odd, with the query in the middle, got 4."),
        (lambda: Neighborhood(-1, 3), "height: must be 1 or more, got -1."),
        (
            lambda: Neighborhood(3, 3).needs(causal=True, grid=None),
            "must be in a pattern with a grid, because neighborhood is two-dimensional, got None. "
            'Give the pattern "grid": [rows, columns].',
        ),
    ],
)
def test_its_limits(make, line):
    assert error(make).removeprefix(": ") == line
