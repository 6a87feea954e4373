import pytest

from nas.patterns.primitives import Tile, Window
from tests.patterns.primitives.drawn import drawn_on_grid, error


def test_a_query_sees_its_own_rectangle():
    assert drawn_on_grid(Tile(2, 3), (4, 6), row=1, column=4) == ["...###", "...###", "......", "......"]


def test_rectangles_at_the_far_edges_may_be_smaller():
    assert drawn_on_grid(Tile(2, 3), (3, 5), row=2, column=3) == [".....", ".....", "...##"]


def test_shifts_move_the_cuts_towards_the_origin():
    """Liu et al. 2021 (Swin), section 3.2: windows displaced by half; here partial ones stand at both edges."""
    shifted = Tile(2, 2, 1, 1)
    assert drawn_on_grid(shifted, (4, 4), row=0, column=0) == ["#...", "....", "....", "...."]
    assert drawn_on_grid(shifted, (4, 4), row=1, column=2) == ["....", ".##.", ".##.", "...."]
    assert drawn_on_grid(shifted, (4, 4), row=3, column=1) == ["....", "....", "....", ".##."]


def test_rows_and_columns_are_shifted_apart():
    assert drawn_on_grid(Tile(2, 2, 1, 0), (4, 4), row=1, column=0) == ["....", "##..", "##..", "...."]
    assert drawn_on_grid(Tile(2, 2, 0, 1), (4, 4), row=1, column=1) == [".##.", ".##.", "....", "...."]


def test_a_whole_turn_is_no_shift():
    assert Tile(2, 3, 5, 6).simplified(causal=True) == Tile(2, 3, 1, 0)


def test_tiles_of_one_place_are_a_window_of_the_query_itself():
    assert Tile(1, 1, 1, 1).simplified(causal=True) == Window(0)
    assert Tile(2, 2).covers(Window(0), causal=True) and not Window(0).covers(Tile(2, 2), causal=True)


def test_its_label_names_both_shifts_if_there_is_one():
    tiles = [Tile(4, 8), Tile(4, 8, 2, 4), Tile(4, 8, 0, 4)]
    assert [tile.label(causal=True) for tile in tiles] == ["t4x8", "t4x8@2x4", "t4x8@0x4"]


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Tile(0, 1), "height: must be 1 or more, got 0."),
        (lambda: Tile(1, 0), "width: must be 1 or more, got 0."),
        (lambda: Tile(2, 2, -1), "shift_row: must be 0 or more, got -1."),
        (lambda: Tile(2, 2, 0, -1), "shift_column: must be 0 or more, got -1."),
        (
            lambda: Tile(2, 2).needs(causal=False, grid=None),
            "must be in a pattern with a grid, because tile is two-dimensional, got None. "
            'Give the pattern "grid": [rows, columns].',
        ),
    ],
)
def test_its_limits(make, line):
    assert error(make).removeprefix(": ") == line
