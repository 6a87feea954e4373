import pytest

from nas.patterns.primitives import Full, Global
from tests.patterns.primitives.drawn import drawn, error


def test_global_tokens_are_seen_by_all_and_see_all():
    """Symmetric, as in Longformer, section 3.1."""
    assert drawn(Global(1, 2), 6) == [
        "######",
        "#...##",
        "#...##",
        "#...##",
        "######",
        "######",
    ]


def test_a_sequence_shorter_than_its_global_tokens_is_full():
    assert drawn(Global(3, 4), 5) == drawn(Full(), 5) == ["#####"] * 5
    assert drawn(Global(9), 2) == ["##"] * 2


def test_without_a_token_nothing_is_left():
    assert drawn(Global(0), 2) == ["..", ".."]
    assert Global(0).simplified(causal=True) is None


def test_more_tokens_at_both_ends_cover_fewer():
    assert Global(4).covers(Global(2), causal=True) and not Global(2).covers(Global(4), causal=True)
    assert Global(4, 2).covers(Global(4, 1), causal=False) and not Global(4, 1).covers(Global(1, 4), causal=False)


def test_tokens_at_the_end_are_refused_in_a_causal_pattern():
    Global(2, 1).needs(causal=False, grid=None)
    Global(2).needs(causal=True, grid=None)
    line = "last: must be 0 in a causal pattern, got 1. Use first, or set causal to false."
    assert error(lambda: Global(2, 1).needs(causal=True, grid=None)) == line


def test_its_label_names_the_end_only_if_there_is_one():
    assert [Global(4).label(True), Global(4, 2).label(False), Global(0, 2).label(False)] == ["g4", "g4/2", "g0/2"]


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Global(-1), "first: must be 0 or more, got -1."),
        (lambda: Global(1, -1), "last: must be 0 or more, got -1."),
        (lambda: Global(1.0), "first: must be a whole number, got 1.0."),  # type: ignore[arg-type]
    ],
)
def test_its_limits(make, line):
    assert error(make) == line
