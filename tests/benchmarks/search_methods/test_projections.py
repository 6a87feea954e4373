"""Tables whose scores are projected."""

from pathlib import Path

import pytest
import transfer
from search_methods.projections import horizon, projection_overhead, with_projections
from search_methods.truth import load

from nas.ground_truth.file import read_table

TABLES = Path(__file__).parents[3] / "tables"
TABLE = TABLES / "tabular-text.jsonl"


def test_scores_are_those_that_a_search_compares() -> None:
    table = read_table(TABLE)
    ahead = {(row.pattern_id, row.seed, row.step): row.quality for row in with_projections(table).rows if not row.sweep}
    for rung in table.plan.rungs[1:]:
        by_seed = transfer.projections_by_seed(table, rung)
        assert len(by_seed) == len(table.plan.entries)
        assert all(ahead[one, seed, rung] == value for one, own in by_seed.items() for seed, value in own.items())
    first = [row for row in table.rows if row.step == table.plan.rungs[0] and not row.sweep]
    assert all(ahead[row.pattern_id, row.seed, row.step] == row.quality for row in first)


def test_the_truth_is_not_projected() -> None:
    _, _, seen = load(TABLE, project=True)
    _, _, measured = load(TABLE)
    assert seen.values == measured.values and seen.by_rung != measured.by_rung


def test_the_horizon_is_that_of_the_search() -> None:
    assert horizon(read_table(TABLE)) == 5132  # 20 tokens for each of 131,392 parameters, 512 tokens a step
    assert horizon(read_table(TABLES / "ladder" / "M-plain.jsonl")) == pytest.approx(4500, rel=0.01)


def test_a_projected_run_pays_for_the_branch_of_the_rung_below() -> None:
    table = read_table(TABLE)
    assert projection_overhead(table, 960) == pytest.approx(1 + 0.2 * 480 / 960)
    assert projection_overhead(table, 240) == 1
