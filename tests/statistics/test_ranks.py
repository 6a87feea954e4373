"""Rank shares against counting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.statistics.ranks import rank_shares
from tests.strategies import quick

VALUES = st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 7.0]) | st.floats(-10, 10), min_size=1, max_size=9)


def counted_share(value: float, values: list[float], direction: str) -> float:
    """Better ones wholly, equal ones by half, out of all the others."""
    better = sum(other < value if direction == "minimize" else other > value for other in values)
    equal = sum(other == value for other in values) - 1
    others = len(values) - 1
    return (better + equal / 2) / others if others else 0.0


@quick
@given(values=VALUES, direction=st.sampled_from(["minimize", "maximize"]))
def test_a_share_counts_who_is_better(values: list[float], direction: str) -> None:
    shares = rank_shares(values, direction)  # type: ignore[arg-type]
    assert shares == pytest.approx([counted_share(value, values, direction) for value in values])
    assert all(0 <= share <= 1 for share in shares)


def test_the_best_has_0_and_the_worst_1() -> None:
    assert rank_shares([3.0, 1.0, 2.0], "minimize") == [1.0, 0.0, 0.5]
    assert rank_shares([3.0, 1.0, 2.0], "maximize") == [0.0, 1.0, 0.5]
