"""What intervals of differences say of claims."""

import pytest
from claims.relation import Relation, Verdict
from hypothesis import given
from hypothesis import strategies as st

from nas.statistics.rank_agreement import Interval

MARGIN = 1.0
ends = st.floats(-4, 4)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    low, high = sorted((draw(ends), draw(ends)))
    return Interval(low, high)


@pytest.mark.parametrize(
    ("low", "high", "better", "not_worse", "alike"),
    [
        (0.1, 0.9, "holds", "holds", "holds"),
        (0.1, 1.1, "holds", "holds", "not decided"),
        (1.1, 2.0, "holds", "holds", "fails"),
        (-0.5, 0.5, "not decided", "holds", "holds"),
        (-1.5, 1.5, "not decided", "not decided", "not decided"),
        (-0.9, -0.1, "fails", "fails", "holds"),
        (-2.0, -1.1, "fails", "fails", "fails"),
    ],
)
def test_each_relation_is_decided_by_the_ends(low: float, high: float, better: str, not_worse: str, alike: str) -> None:
    judged = [relation.judge(Interval(low, high), MARGIN) for relation in Relation]
    assert judged == [better, not_worse, alike]


@given(intervals())
def test_relations_agree_with_each_other(found: Interval) -> None:
    better, not_worse, alike = (relation.judge(found, MARGIN) for relation in Relation)
    turned = Interval(-found.high, -found.low)
    assert Relation.ALIKE.judge(turned, MARGIN) == alike
    assert (better is Verdict.FAILS) == (not_worse is Verdict.FAILS)
    assert (better is Verdict.HOLDS) == (Relation.BETTER.judge(turned, MARGIN) is Verdict.FAILS)
    if better is Verdict.HOLDS:
        assert not_worse is Verdict.HOLDS


@given(intervals(), st.floats(0, 2), st.sampled_from(Relation))
def test_a_wider_interval_never_turns_a_verdict_round(found: Interval, more: float, relation: Relation) -> None:
    wider = relation.judge(Interval(found.low - more, found.high + more), MARGIN)
    exact = relation.judge(found, MARGIN)
    # Only a difference that is small but sure may become a tie.
    assert wider in (exact, Verdict.UNDECIDED) or (relation, exact) == (Relation.NOT_WORSE, Verdict.FAILS)
