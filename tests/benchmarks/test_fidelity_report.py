"""The judgement of the fidelity report, on one small simulation and one replayed study."""

from pathlib import Path

import pytest
from fidelity_report import INTERVALS, Judged, judged, replayed, simulated
from search_methods.world import default_world, table_world

TABLE = Path(__file__).parents[2] / "tables" / "tabular-text.jsonl"


def test_a_row_says_how_often_each_interval_held() -> None:
    cells = [cell.strip() for cell in simulated(40, 7, 0.8, 0.0).strip("|").split("|")]
    assert cells[:4] == ["7", "0.8", "0.0", "0.80"] and len(cells) == 4 + len(INTERVALS) + 1
    held = [float(cell.split("%")[0]) for cell in cells[4:]]
    assert held[1] == held[3] > held[0], "without noise nothing is freed, and the bootstrap is too narrow"


@pytest.mark.parametrize(("make_world", "is_known"), [(table_world, False), (default_world, True)])
def test_a_report_is_judged_by_what_its_world_knows(make_world, is_known: bool) -> None:
    found = judged(make_world(TABLE), 0)
    assert (found.taus[1] is not None) == bool(found.chances) == is_known
    assert 0 < found.taus[0] < 1 and -1 < found.intervals[0][0] < found.intervals[0][1] < 1
    if is_known:
        assert len(found.chances) == 30 and {is_on for _, is_on, _ in found.chances} == {True, False}


def test_probabilities_are_read_against_what_came_true() -> None:
    one = Judged(
        taus=(0.6, 0.7),
        intervals=((0.1, 0.9), (0.75, 0.9)),
        above=0.5,
        chances=((0.9, True, True), (0.8, False, True), (0.0, False, False)),
        reordering=(0.02, 0.01),
        share_of_steps=0.2,
        untrained_share=None,
        regret_of_front=0.1,
    )
    lines = "\n".join(replayed("toy", [one]))
    assert "tau of all trials 0.60; intervals hold it in 100%, 0.80 wide; P(tau > 0.5) 50%, true in 100%" in lines
    assert "freed of noise 0.70; 1 intervals hold it in 0%" in lines
    assert "with 75% to 95%: said 0.85, true 0.50 of 2, after the longest training 1.00" in lines
    assert "with 0% to 5%: said 0.00, true 0.00 of 1, after the longest training 0.00" in lines
    assert f"Brier score {(0.01 + 0.64) / 3:.3f}; of certainty above a half {1 / 3:.3f}" in lines
    assert "reorders by 0.0200 as reported, 0.0100" in lines and "untrained share -" in lines
