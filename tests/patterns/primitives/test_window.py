import pytest

from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Global, Stride, Window
from tests.patterns.primitives.drawn import drawn, error


def test_earlier_and_later_keys_are_counted_apart():
    assert drawn(Window(2, 1), 6) == [
        "##....",
        "###...",
        "####..",
        ".####.",
        "..####",
        "...###",
    ]


def test_a_dilated_window_counts_keys_and_skips_tokens():
    assert drawn(Window(2, 1, dilation=2), 8) == [
        "#.#.....",
        ".#.#....",
        "#.#.#...",
        ".#.#.#..",
        "#.#.#.#.",
        ".#.#.#.#",
        "..#.#.#.",
        "...#.#.#",
    ]


def test_longformers_window_of_w_has_half_of_it_on_each_side():
    """Beltagy et al. 2020, section 3.1: each token attends to w / 2 tokens on each side."""
    keys = HeadPattern((Window(4, 4),), causal=False).mask(40).sum(axis=1)
    assert set(keys[4:-4]) == {9} and keys[0] == keys[-1] == 5


def test_without_a_neighbour_only_the_query_is_left():
    assert drawn(Window(0, dilation=3), 3) == ["#..", ".#.", "..#"]
    assert Window(0, 4, dilation=3).simplified(causal=True) == Window(0)


def test_later_keys_mean_nothing_in_a_causal_pattern():
    assert Window(3, 9).simplified(causal=True) == Window(3)
    assert Window(3, 9).simplified(causal=False) == Window(3, 9)
    assert Window(3, 9).span(causal=True) == (3, 0) and Window(3, 9, 2).span(causal=False) == (6, 18)


@pytest.mark.parametrize("other", [Window(3), Window(4, dilation=2), Block(9), Window(0, dilation=5)])
def test_a_window_covers_what_lies_within_its_span(other):
    assert Window(8).covers(other, causal=True)
    assert not other.covers(Window(8), causal=True)


def test_a_dilated_window_covers_only_windows_on_its_own_keys():
    assert Window(8, dilation=2).covers(Window(2, dilation=4), causal=True)
    assert not Window(8, dilation=2).covers(Window(2, dilation=3), causal=True)
    assert not Window(8, dilation=2).covers(Window(1), causal=True)
    assert not any(Window(100).covers(other, causal=True) for other in (Stride(2), Global(1)))


@pytest.mark.parametrize(
    ("primitive", "causal", "label"),
    [
        (Window(15), True, "w16"),
        (Window(15, 9), True, "w16"),
        (Window(15, 9), False, "w15/9"),
        (Window(15, dilation=2), True, "w16d2"),
    ],
)
def test_its_label_counts_keys_the_query_included_if_causal(primitive, causal, label):
    assert primitive.label(causal) == label


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Window(-1), "before: must be 0 or more, got -1."),
        (lambda: Window(1, -1), "after: must be 0 or more, got -1."),
        (lambda: Window(1, dilation=0), "dilation: must be 1 or more, got 0."),
    ],
)
def test_its_limits(make, line):
    assert error(make) == line
