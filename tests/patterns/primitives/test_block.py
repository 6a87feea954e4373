import pytest

from nas.patterns.primitives import Block, Window
from tests.patterns.primitives.drawn import drawn, error


def test_a_query_sees_its_own_chunk():
    assert drawn(Block(3), 7) == ["###....", "###....", "###....", "...###.", "...###.", "...###.", "......#"]


def test_a_shift_moves_the_cuts_towards_the_start():
    """As Swin's shifted windows do, in one dimension."""
    assert drawn(Block(3, 1), 7) == ["##.....", "##.....", "..###..", "..###..", "..###..", ".....##", ".....##"]


def test_a_whole_turn_is_no_shift():
    assert drawn(Block(3, 4), 7) == drawn(Block(3, 1), 7)
    assert Block(3, 4).simplified(causal=True) == Block(3, 1)
    assert Block(3, 6).simplified(causal=True) == Block(3)


def test_chunks_of_one_token_are_a_window_of_the_query_itself():
    assert Block(1, 5).simplified(causal=True) == Window(0)


def test_it_reaches_no_farther_than_its_chunk():
    assert Block(5).span(causal=True) == (4, 0) and Block(5).span(causal=False) == (4, 4)
    assert Block(4).covers(Window(0), causal=True) and not Block(4).covers(Window(1), causal=True)
    assert not Block(8).covers(Block(4), causal=True), "true only if their cuts agree; it says no to be safe"


def test_its_label_names_a_shift_only_if_there_is_one():
    assert [Block(64).label(True), Block(64, 32).label(True)] == ["b64", "b64@32"]


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Block(0), "tokens: must be 1 or more, got 0."),
        (lambda: Block(4, -1), "shift: must be 0 or more, got -1."),
    ],
)
def test_its_limits(make, line):
    assert error(make) == line
