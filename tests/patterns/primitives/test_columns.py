import pytest

from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Columns, Window
from tests.patterns.primitives.drawn import drawn, error


def test_every_query_sees_the_same_keys_at_the_end_of_each_stretch():
    assert drawn(Columns(4, 2), 10) == ["..##..##.."] * 10


def test_a_sequence_shorter_than_a_stretch_may_have_no_such_key():
    assert drawn(Columns(4, 1), 3) == ["..."] * 3


def test_fixed_attention_is_that_of_the_paper():
    """Child et al. 2019, section 4.3: A1 = {j : floor(j / l) = floor(i / l)}, A2 = {j : j mod l in {l - c, ..., l}}."""
    length, width = 6, 2
    for query, line in enumerate(HeadPattern((Block(length), Columns(length, width))).mask(40)):
        own = {key for key in range(query + 1) if key // length == query // length}
        summary = {key for key in range(query + 1) if key % length in range(length - width, length + 1)}
        assert set(line.nonzero()[0].tolist()) == own | summary


def test_wider_columns_cover_narrower_ones_of_the_same_stretches():
    assert Columns(8, 3).covers(Columns(8, 2), causal=True) and not Columns(8, 2).covers(Columns(8, 3), causal=True)
    assert not Columns(8, 3).covers(Columns(16, 3), causal=True)
    assert not Columns(8, 3).covers(Window(0), causal=True)


def test_its_label():
    assert Columns(128, 8).label(causal=True) == "c8of128"


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Columns(1, 1), "every: must be 2 or more, got 1."),
        (lambda: Columns(4, 0), "width: must be 1 or more, got 0."),
        (lambda: Columns(4, 4), "width: must be less than every (4), got 4. Use full to see all keys."),
    ],
)
def test_its_limits(make, line):
    assert error(make) == line
