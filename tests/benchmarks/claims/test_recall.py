"""What reach allows of recall: the window law of one layer, and claims that hold and fail."""

from pathlib import Path

import pytest
from claims.claim import Finding
from claims.recall import WINDOWS, bounds, findings
from claims.regime import Regime
from claims.relation import Verdict

from nas.errors import InputError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Window
from nas.tasks.synthetic.recall import RecallSettings
from tests.anchor_table import ANCHORS, RECALL, recall_table, scored, write_anchors
from tests.recall_law import window_law

MANY = RecallSettings(num_tokens=64, num_pairs=4, vocab_size=64, validation_sequences=2000)


def layers(*unions: Window | Full) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(1, (union,)),) for union in unions], causal=True)


def share(*unions: Window | Full, token_shift: bool = False) -> float:
    return bounds(layers(*unions), MANY, token_shift=token_shift).share


@pytest.mark.parametrize("before", [2, 8, 16, 40])
def test_one_window_reaches_what_the_window_law_says(before: int) -> None:
    assert share(Window(before)) == pytest.approx(window_law(64, 4, before), abs=0.02)


def test_windows_reach_as_far_as_all_of_them_together() -> None:
    assert share(Window(3), Window(15)) == share(Window(15), Window(3)) == share(Window(18))
    assert share(Window(3), Window(15), token_shift=True) == share(Window(19))
    assert share(Window(2), Full()) == 1


def test_all_that_is_within_reach_is_right_and_the_rest_is_guessed() -> None:
    everything = bounds(layers(Full()), MANY, token_shift=True)
    assert (everything.share, everything.most) == (1, 1)
    assert everything.least == pytest.approx(1 / 4), "each of four values is as likely"
    nothing = bounds(layers(Window(0)), MANY, token_shift=False)
    assert (nothing.share, nothing.least) == (0, 0)
    assert nothing.most == pytest.approx(1 / 29), "32 values, three of which belong to other pairs"


def of_windows(place: float) -> dict[str, Finding]:
    """Findings of a table in which each anchor lies between its bounds: at 0 is the lower, at 1 the upper one."""
    qualities = {}
    for name in (*WINDOWS, "full"):
        own = bounds(ANCHORS[name], RECALL, token_shift=True)
        qualities[name] = own.least + place * (own.most - own.least)
    return {one.claim: one for one in findings(Regime("made up", scored(recall_table(), qualities, usual=0.0)))}


def verdicts(found: dict[str, Finding], word: str) -> set[Verdict]:
    return {one.verdict for claim, one in found.items() if word in claim}


def test_claims_hold_where_recall_is_all_that_the_reach_allows() -> None:
    assert verdicts(of_windows(1.0), "") == {Verdict.HOLDS}


def test_claims_fail_where_more_is_recalled_than_can_be_seen() -> None:
    assert verdicts(of_windows(2.0), "beyond its reach") == {Verdict.FAILS}


def test_claims_fail_where_values_in_sight_are_only_named() -> None:
    assert verdicts(of_windows(-1.0), "within its reach") == {Verdict.FAILS}
    assert Verdict.HOLDS not in verdicts(of_windows(0.0), "within its reach")


def test_claims_fail_where_recall_rises_as_the_reach_falls() -> None:
    qualities = {"full": 0.1, "wide_windows": 0.3, "equal_windows": 0.6, "narrow_windows": 0.9}
    found = list(findings(Regime("made up", scored(recall_table(), qualities, usual=0.5))))
    assert verdicts({one.claim: one for one in found}, "recall falls with reach") == {Verdict.FAILS}


def test_convolutions_are_refused(tmp_path: Path) -> None:
    path = write_anchors(tmp_path / "table.jsonl", seeds=1, task=RECALL, convolution_tokens=4)
    with pytest.raises(InputError, match=r"^table: proxy.convolution_tokens: must be 0 .*, got 4\."):
        list(findings(Regime.read(path)))
