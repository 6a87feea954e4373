import pytest

from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Full, Stride, Window
from tests.patterns.primitives.drawn import drawn, error


def test_keys_are_counted_from_the_query():
    assert drawn(Stride(3), 7) == [
        "#..#..#",
        ".#..#..",
        "..#..#.",
        "#..#..#",
        ".#..#..",
        "..#..#.",
        "#..#..#",
    ]


def test_a_stride_beyond_the_sequence_leaves_the_query_alone():
    assert drawn(Stride(9), 3) == drawn(Window(0), 3)


def test_strided_attention_is_that_of_the_paper():
    """Child et al. 2019, section 4.3: A1 = {t, ..., i} with t = max(0, i - l), A2 = {j : (i - j) mod l = 0}."""
    length = 5
    for query, line in enumerate(HeadPattern((Window(length), Stride(length))).mask(40)):
        local = set(range(max(0, query - length), query + 1))
        strided = {key for key in range(query + 1) if (query - key) % length == 0}
        assert set(line.nonzero()[0].tolist()) == local | strided


@pytest.mark.parametrize("other", [Stride(6), Window(9, dilation=6), Window(0)])
def test_a_stride_covers_what_lies_on_its_keys(other):
    assert Stride(3).covers(other, causal=True)
    assert not other.covers(Stride(3), causal=True)


@pytest.mark.parametrize("other", [Stride(4), Window(1), Window(2, dilation=2), Block(2), Full()])
def test_it_covers_nothing_between_them(other):
    assert not Stride(3).covers(other, causal=True)


def test_its_label_and_limit():
    assert Stride(64).label(causal=True) == Stride(64).label(causal=False) == "s64"
    assert error(lambda: Stride(1)) == "every: must be 2 or more, got 1."
