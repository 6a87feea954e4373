"""Each claim about language models holds in one made-up table and fails in another."""

from pathlib import Path

import pytest
from claims.claim import Claim, Finding
from claims.regime import Regime
from claims.relation import Relation, Verdict
from claims.text import TEXT_CLAIMS

from tests.anchor_table import ANCHORS, scored, text_table, write_anchors

each_claim = pytest.mark.parametrize("claim", TEXT_CLAIMS, ids=lambda claim: f"{claim.first}, {claim.second}")


def found(claim: Claim, gain: float, seeds: int = 2) -> Finding:
    """Of a table in which the first is better by so many bits per byte than all others."""
    return claim.finding(Regime("made up", scored(text_table(seeds), {claim.first: 2.0 - gain}, usual=2.0)))


@each_claim
def test_it_holds_and_fails(claim: Claim) -> None:
    gains = {Relation.BETTER: (0.2, -0.2), Relation.NOT_WORSE: (0.0, -0.2), Relation.ALIKE: (0.0, 0.2)}
    for gain, verdict in zip(gains[claim.relation], (Verdict.HOLDS, Verdict.FAILS), strict=True):
        finding = found(claim, gain)
        assert finding.verdict is verdict
        assert finding.difference == pytest.approx(gain) and finding.num_seeds == 2
        assert finding.interval is not None and finding.interval.low < gain < finding.interval.high


def test_what_is_as_good_as_all_may_not_be_worse_either() -> None:
    claim = next(claim for claim in TEXT_CLAIMS if claim.relation is Relation.ALIKE)
    assert found(claim, -0.2).verdict is Verdict.FAILS


def test_one_seed_decides_nothing() -> None:
    finding = found(TEXT_CLAIMS[0], -1.0, seeds=1)
    assert (finding.verdict, finding.interval) == (Verdict.UNDECIDED, None)
    assert finding.difference == pytest.approx(-1.0)


def test_what_a_table_lacks_is_not_measured(tmp_path: Path) -> None:
    path = write_anchors(tmp_path / "table.jsonl", options={"anchor": ["full", "wide_windows"]})
    verdicts = {claim: claim.finding(Regime.read(path)).verdict for claim in TEXT_CLAIMS}
    measured = [claim for claim, verdict in verdicts.items() if verdict is not Verdict.UNMEASURED]
    assert [(claim.first, claim.second) for claim in measured] == [("full", "wide_windows")]


@each_claim
def test_it_is_about_anchors_that_exist(claim: Claim) -> None:
    assert {claim.first, claim.second} <= ANCHORS.keys()
    assert ANCHORS[claim.first].id != ANCHORS[claim.second].id
