import pytest

from nas.patterns.primitives import Block, Columns, Full, Global, LowRank, Random, Select, Stride, Stripe, Window
from tests.patterns.primitives.drawn import drawn, drawn_on_grid


def test_every_query_sees_every_key():
    assert drawn(Full(), 3) == ["###"] * 3
    assert drawn_on_grid(Full(), (2, 4), row=0, column=1) == ["####"] * 2


@pytest.mark.parametrize("other", [Window(9), Block(3), Columns(4, 1), Global(2), Random(4, 2), Stride(2)])
def test_it_covers_every_mask_and_none_covers_it(other):
    assert Full().covers(other, causal=True)
    assert not other.covers(Full(), causal=True)


@pytest.mark.parametrize("other", [Stripe("row", 5), Window(10**6, 10**6)])
def test_no_finite_size_is_full_at_every_length(other):
    assert Full().covers(other, causal=False) and not other.covers(Full(), causal=False)
    assert Full().span(causal=False) is None


def test_it_has_no_parameters():
    assert Full().to_dict() == {"kind": "full"} and Full().label(causal=True) == "full"
    assert Full() == Full() and Full().simplified(causal=True) == Full()


def test_computed_primitives_may_choose_all_that_it_shows():
    assert Select(4, 1).possible() == LowRank(4).possible() == (Full(),)
